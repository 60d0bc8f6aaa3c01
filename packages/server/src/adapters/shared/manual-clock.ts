import type { EpochMs } from '../../domain/time.ts';
import type { Clock } from '../../ports/clock.ts';

/** A clock that stands still until it is stepped by hand. */
export interface ManualClock extends Clock {
  /** Moves time forward, waking sleepers in the order of their moments; each runs before time moves on. */
  advance(durationMs: number): Promise<void>;
  /** Sets the wall clock ahead, or back. No time passes. */
  jump(byMs: number): void;
  /** How many wait for a later moment. */
  readonly sleeperCount: number;
}

interface Sleeper {
  readonly wakeAtMs: number;
  readonly wake: () => void;
}

/** A manual clock whose wall time begins at `startsAt` (default 2026-01-01T00:00:00Z). */
export function createManualClock(options: { readonly startsAt?: EpochMs } = {}): ManualClock {
  const startsAt = options.startsAt ?? 1_767_225_600_000;
  const sleepers = new Set<Sleeper>();
  let elapsedMs = 0;
  let jumpedMs = 0;

  const next = (untilMs: number): Sleeper | null => {
    let first: Sleeper | null = null;
    for (const sleeper of sleepers) {
      if (sleeper.wakeAtMs <= untilMs && (first === null || sleeper.wakeAtMs < first.wakeAtMs)) first = sleeper;
    }
    return first;
  };

  return {
    now: () => startsAt + elapsedMs + jumpedMs,
    monotonicMs: () => elapsedMs,
    jump(byMs) {
      jumpedMs += byMs;
    },
    get sleeperCount() {
      return sleepers.size;
    },
    sleep(delayMs, { signal }) {
      return new Promise((resolve, reject) => {
        if (signal.aborted) return reject(signal.reason);
        const onAbort = (): void => {
          sleepers.delete(sleeper);
          reject(signal.reason);
        };
        const sleeper: Sleeper = {
          wakeAtMs: elapsedMs + Math.max(0, delayMs),
          wake: () => {
            signal.removeEventListener('abort', onAbort);
            resolve();
          },
        };
        signal.addEventListener('abort', onAbort, { once: true });
        sleepers.add(sleeper);
      });
    },
    async advance(durationMs) {
      const untilMs = elapsedMs + durationMs;
      for (;;) {
        await settle();
        const sleeper = next(untilMs);
        if (sleeper === null) break;
        sleepers.delete(sleeper);
        elapsedMs = Math.max(elapsedMs, sleeper.wakeAtMs);
        sleeper.wake();
      }
      elapsedMs = untilMs;
    },
  };
}

/** Lets everything run that is ready, promise chains included: only then is it known who sleeps until when. */
function settle(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
