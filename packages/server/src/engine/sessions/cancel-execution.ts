import { VolaryError } from '../../domain/errors.ts';
import type { Execution } from '../../domain/execution/execution.ts';
import { SIGNALS } from '../../domain/execution/signals.ts';
import type { Clock } from '../../ports/clock.ts';
import type { LiveExecution } from './live-execution.ts';

/** How long a guest may take to heed a signal, milliseconds: it may be busy, or halted. */
const HEED_MS = 10_000;

/**
 * Ends a command: SIGTERM, and SIGKILL to what is left of it after the grace. Resolves when its end is written; throws
 * `deadline_exceeded` execution.not_ended if it is not seen.
 */
export async function cancelExecution(
  clock: Clock,
  live: LiveExecution,
  { graceMs, signal }: { readonly graceMs: number; readonly signal: AbortSignal },
): Promise<Execution> {
  const send = async (number: number): Promise<true | null> => {
    const sent = live.process().then(async (process) => {
      await process.signal(number);
      return true as const;
    });
    return await within(clock, HEED_MS, signal, Promise.race([sent, live.finished.then(() => true as const)]));
  };
  const steps = graceMs > 0 ? [[SIGNALS.SIGTERM, graceMs] as const] : [];
  for (const [number, waitMs] of [...steps, [SIGNALS.SIGKILL, HEED_MS] as const]) {
    if ((await send(number)) === null) throw notEnded();
    const ended = await within(clock, waitMs, signal, live.finished);
    if (ended !== null) return ended;
  }
  throw notEnded();
}

/** What the promise resolves with, or null if it has not within the time. */
async function within<T>(clock: Clock, timeoutMs: number, signal: AbortSignal, promise: Promise<T>): Promise<T | null> {
  const over = new AbortController();
  const time = clock.sleep(timeoutMs, { signal: AbortSignal.any([signal, over.signal]) }).then(() => null);
  try {
    return await Promise.race([promise, time]);
  } finally {
    over.abort(new DOMException('the wait is over', 'AbortError'));
    // Which of the two came first is what counts.
    time.catch(() => undefined);
    promise.catch(() => undefined);
  }
}

function notEnded(): VolaryError {
  return new VolaryError('deadline_exceeded', 'The command has been told to end, and its end has not been seen.', {
    reason: 'execution.not_ended',
  });
}
