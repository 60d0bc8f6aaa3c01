import type { Clock } from '../../ports/clock.ts';
import { sleep } from '../shared/sleep.ts';

/** The longest delay that Node's timers know; a longer one would fire at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** The time of this machine. With `isIdle`, whoever sleeps by it does not keep the program from ending. */
export function createSystemClock({ isIdle = false }: { readonly isIdle?: boolean } = {}): Clock {
  return {
    now: () => Date.now(),
    monotonicMs: () => performance.now(),
    async sleep(delayMs, { signal }) {
      let leftMs = delayMs;
      for (; leftMs > LONGEST_TIMER_MS; leftMs -= LONGEST_TIMER_MS) await sleep(LONGEST_TIMER_MS, signal, { isIdle });
      await sleep(leftMs, signal, { isIdle });
    },
  };
}
