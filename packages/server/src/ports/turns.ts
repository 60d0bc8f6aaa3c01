/** Shares out the processor among those that work in this process without waiting for anything real. */
export interface Turns {
  /** To be awaited between parts of long work: requests and timers have their turn then, if it is time. */
  share(): Promise<void>;
}
