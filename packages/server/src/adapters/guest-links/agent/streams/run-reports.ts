import type { GuestRuns } from '../../../../ports/guest-link.ts';
import { decodeRunEvent } from '../messages/supervision.ts';
import { millisecondsOf } from '../units.ts';

/** What the guest says of the runs of a supervised command: the newest is kept for whoever comes to listen. */
export class RunReports {
  #newest: GuestRuns | null = null;
  #listener: ((runs: GuestRuns) => void) | null = null;

  /** Calls the listener with the newest report, if there is one, and with each that comes. There is one listener at a time. */
  listen(listener: (runs: GuestRuns) => void): void {
    this.#listener = listener;
    if (this.#newest !== null) listener(this.#newest);
  }

  /** Takes EVENT. */
  take(payload: Buffer): void {
    const event = decodeRunEvent(payload);
    const hasEnded = event.lastExitAtNs > 0n;
    this.#newest = {
      state: event.state,
      runs: event.runs,
      lastExitCode: hasEnded && event.lastSignal === 0 ? event.lastExitCode : null,
      lastSignal: hasEnded && event.lastSignal !== 0 ? event.lastSignal : null,
      lastExitAtMs: hasEnded ? millisecondsOf(event.lastExitAtNs) : null,
    };
    this.#listener?.(this.#newest);
  }
}
