import type { Clock } from '../ports/clock.ts';

/**
 * Runs `work` with a signal that is aborted after `timeoutMs`, or when `signal` is. When the time was over and the work
 * failed, `toError` says as what; without it the work's own error goes on.
 */
export async function withTimeout<T>(
  clock: Clock,
  timeoutMs: number,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
  toError?: () => Error,
): Promise<T> {
  const timer = new AbortController();
  const finished = new AbortController();
  const timing = clock.sleep(timeoutMs, { signal: finished.signal }).then(
    () => timer.abort(new DOMException('the time is over', 'TimeoutError')),
    () => undefined,
  );
  try {
    return await work(AbortSignal.any([signal, timer.signal]));
  } catch (error) {
    if (timer.signal.aborted && !signal.aborted && toError !== undefined) throw toError();
    throw error;
  } finally {
    finished.abort();
    await timing;
  }
}
