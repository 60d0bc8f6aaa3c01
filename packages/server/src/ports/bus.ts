/**
 * Carries hints between parts of the system, and never truth: a hint that is lost costs latency only, since everybody
 * who waits for one also looks by itself from time to time.
 */
export interface Bus {
  /** Tells all subscribers of the topic, soon and in order. Never throws, never waits for them. */
  publish(topic: Topic, key: string): void;
  /** Calls `listener` with the key of each later hint, until the returned function is called. */
  subscribe(topic: Topic, listener: (key: string) => void): () => void;
}

/** `events`: their log has grown. `logs`: lines of this VM, or of none, have come. `output`: some of this stream (`<execution's id>:stdout` or `:stderr`) has been kept. `probe`: nothing; it is looked whether hints get through. The others: the one with this id has changed. */
export type Topic =
  | 'events'
  | 'vm'
  | 'operation'
  | 'execution'
  | 'webhook'
  | 'delivery'
  | 'deployment'
  | 'networks'
  | 'output'
  | 'logs'
  | 'probe';
