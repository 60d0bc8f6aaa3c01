import type { Bus, Topic } from '../../ports/bus.ts';
import type { Clock } from '../../ports/clock.ts';

/** Hints may be lost, so whoever waits also looks by itself, this often. */
const LOOK_MS = 1_000;

/**
 * Calls `look` now, at each hint for `key`, and once a second, until it answers with something else than undefined
 * (returned), the time is over (`undefined`), or the signal is aborted (throws its reason).
 */
export async function waitFor<T>(
  deps: { readonly bus: Bus; readonly clock: Clock },
  on: { readonly topic: Topic; readonly key: string },
  waiting: { readonly timeoutMs: number; readonly signal: AbortSignal },
  look: () => Promise<T | undefined>,
): Promise<T | undefined> {
  const endsAt = deps.clock.monotonicMs() + waiting.timeoutMs;
  const bell = createBell();
  const unsubscribe = deps.bus.subscribe(on.topic, (key) => {
    if (key === on.key) bell.ring();
  });
  try {
    for (;;) {
      const rung = bell.next();
      const found = await look();
      const leftMs = endsAt - deps.clock.monotonicMs();
      if (found !== undefined || leftMs <= 0) return found;
      await sleepUnless(rung, deps.clock, Math.min(LOOK_MS, leftMs), waiting.signal);
    }
  } finally {
    unsubscribe();
  }
}

/** Sleeps until `rung` or the time is over. Rejects with the signal's reason when that is aborted. */
export async function sleepUnless(
  rung: Promise<void>,
  clock: Clock,
  delayMs: number,
  signal: AbortSignal,
): Promise<void> {
  const awake = new AbortController();
  const slept = clock.sleep(delayMs, { signal: AbortSignal.any([signal, awake.signal]) });
  try {
    await Promise.race([rung, slept]);
    signal.throwIfAborted();
  } finally {
    awake.abort();
    await slept.catch(() => undefined);
  }
}

/** Remembers that somebody rang between two waits, so that no hint falls through. */
export function createBell(): { readonly ring: () => void; readonly next: () => Promise<void> } {
  let waiting = Promise.withResolvers<void>();
  return {
    ring: () => {
      waiting.resolve();
      waiting = Promise.withResolvers<void>();
    },
    next: () => waiting.promise,
  };
}
