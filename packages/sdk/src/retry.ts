import { VolaryApiError, VolaryConnectionError } from './errors.ts';

const FIRST_DELAY_MS = 100;
const LONGEST_DELAY_MS = 5_000;

/** Counts faults in a row, and waits longer after each: 0.1 s doubling up to 5 s, less a random part of up to half. */
export interface Backoff {
  /** Call it when something went well. */
  reset(): void;
  /**
   * Waits if it makes sense to try again after this error; else throws it. Rejects with the signal's reason when it is aborted.
   */
  afterFault(error: unknown, signal: AbortSignal | undefined): Promise<void>;
}

/** @param giveUpAfterMs how long faults in a row are borne; Infinity: for ever. */
export function createBackoff({ giveUpAfterMs }: { readonly giveUpAfterMs: number }): Backoff {
  let faults = 0;
  let firstFaultAt = 0;
  return {
    reset: () => {
      faults = 0;
    },
    afterFault: async (error, signal) => {
      signal?.throwIfAborted();
      if (faults === 0) firstFaultAt = performance.now();
      if (!isTransient(error) || performance.now() - firstFaultAt > giveUpAfterMs) throw error;
      const delayMs = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** faults);
      faults += 1;
      await sleep(delayMs * (1 - Math.random() / 2), signal);
    },
  };
}

function isTransient(error: unknown): boolean {
  if (error instanceof VolaryConnectionError) return true;
  if (!(error instanceof VolaryApiError)) return false;
  return error.code === 'unavailable' || error.code === 'aborted' || error.reason === 'events.too_many_readers';
}

/** Rejects with the signal's reason when it is aborted. By hand, since this package runs in browsers too. */
function sleep(delayMs: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    }, delayMs);
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}
