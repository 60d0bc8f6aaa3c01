import type { EpochMs } from '../domain/time.ts';

/** Time enters the engine here, so that tests can step it. */
export interface Clock {
  /** The wall clock: for what is shown and stored. It may jump. */
  now(): EpochMs;
  /** Milliseconds that only grow; for measuring and for deadlines within this process. */
  monotonicMs(): number;
  /** Resolves after `delayMs`; rejects with the signal's reason if it is aborted first. */
  sleep(delayMs: number, options: { readonly signal: AbortSignal }): Promise<void>;
}
