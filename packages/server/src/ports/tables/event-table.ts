import type { Event, EventType, NewEvent } from '../../domain/events.ts';

export interface EventFilter {
  readonly types?: readonly EventType[];
  readonly vmId?: string;
  /** Name of a user: about what is theirs. */
  readonly owner?: string;
}

/** The ordered, durable log. An event is appended in the transaction of the change it tells of. */
export interface EventTable {
  append(events: readonly NewEvent[]): Promise<void>;
  /** Events with a sequence above `after`, in order. */
  list(request: EventFilter & { readonly after: number; readonly limit: number }): Promise<readonly Event[]>;
  /** The oldest sequence that is kept, and the last that was given out. When nothing is kept, `first` is the one to come. */
  bounds(): Promise<{ readonly first: number; readonly last: number }>;
  /**
   * Drops events from the log's beginning as long as they happened before this moment, or are more than `keep` before the last one; at
   * most `limit` of them. Returns how many. Sequences are never used again.
   */
  trim(what: { readonly before: number; readonly keep: number; readonly limit: number }): Promise<number>;
}
