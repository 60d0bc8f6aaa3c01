import type { Clock } from '../../ports/clock.ts';

/** The longest delay that Node's timers know; a longer one would fire at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** The time of this machine. With `isIdle`, whoever sleeps by it does not keep the program from ending. */
export function createSystemClock({ isIdle = false }: { readonly isIdle?: boolean } = {}): Clock {
  return {
    now: () => Date.now(),
    monotonicMs: () => performance.now(),
    async sleep(delayMs, { signal }) {
      let leftMs = delayMs;
      for (; leftMs > LONGEST_TIMER_MS; leftMs -= LONGEST_TIMER_MS) await sleepOnce(LONGEST_TIMER_MS, signal, isIdle);
      await sleepOnce(leftMs, signal, isIdle);
    },
  };
}

function sleepOnce(delayMs: number, signal: AbortSignal, isIdle: boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const onAbort = (): void => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', onAbort);
      resolve();
    }, delayMs);
    if (isIdle) timer.unref();
    signal.addEventListener('abort', onAbort, { once: true });
  });
}
