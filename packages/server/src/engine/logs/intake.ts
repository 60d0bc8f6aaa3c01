import type { EngineDeps } from '../deps.ts';
import { createBell, sleepUnless } from '../queries/wait-for.ts';
import { createFailures } from './failures.ts';

/** What is taken at the same time: the rest has its turn after it. */
const CONCURRENCY = 8;

/**
 * Takes from many sources, a part of each at a time and each source by itself, so that one with much to say takes turns with all others. What is offered while it is
 * being taken is looked at once more. One that fails rests for a while, whatever is offered of it, and keeps nobody else waiting.
 */
export interface Intake {
  /** There may be something at this source. Returns at once. */
  offer(source: string): void;
  /**
   * Takes all that there is at this source. False: it cannot be taken now, or was not within the time, milliseconds. Throws the reason of the signal, and of
   * its own end.
   */
  drain(source: string, options: { readonly timeoutMs: number; readonly signal: AbortSignal }): Promise<boolean>;
  /** Takes nothing more; resolves when nothing is under way. */
  stop(): Promise<void>;
}

export function createIntake(
  { clock, log }: Pick<EngineDeps, 'clock' | 'log'>,
  name: string,
  /** Takes a part; true: there is more. */
  take: (source: string, signal: AbortSignal) => Promise<boolean>,
): Intake {
  const stopping = new AbortController();
  const { signal } = stopping;
  /** In the order of their turns. */
  const waiting = new Set<string>();
  const taken = new Set<string>();
  const under = new Set<Promise<void>>();
  const resting = new Map<string, Promise<void>>();
  const failures = createFailures({ log }, name);
  /** Rung at the end of each turn. */
  const bell = createBell();

  function next(): void {
    for (const source of waiting) {
      if (under.size >= CONCURRENCY || signal.aborted) return;
      if (taken.has(source)) continue;
      waiting.delete(source);
      taken.add(source);
      const turn = takeOnce(source).finally(() => {
        taken.delete(source);
        under.delete(turn);
        next();
        bell.ring();
      });
      under.add(turn);
    }
  }

  async function takeOnce(source: string): Promise<void> {
    try {
      if (await take(source, signal)) waiting.add(source);
      failures.clear(source);
    } catch (error) {
      if (!signal.aborted) rest(source, failures.add(source, error));
    }
  }

  function rest(source: string, pauseMs: number): void {
    waiting.delete(source);
    const rested = clock
      .sleep(pauseMs, { signal })
      .catch(() => undefined)
      .then(() => {
        if (resting.get(source) !== rested) return;
        resting.delete(source);
        waiting.add(source);
        next();
      });
    resting.set(source, rested);
  }

  function offer(source: string): void {
    if (resting.has(source)) return;
    waiting.add(source);
    next();
  }

  return {
    offer,
    async drain(source, { timeoutMs, signal: given }) {
      const endsAt = clock.monotonicMs() + timeoutMs;
      const either = AbortSignal.any([signal, given]);
      // What kept it from being taken may have passed: it is tried once more, at once.
      resting.delete(source);
      offer(source);
      for (;;) {
        either.throwIfAborted();
        const rung = bell.next();
        if (resting.has(source)) return false;
        if (!waiting.has(source) && !taken.has(source)) return true;
        const leftMs = endsAt - clock.monotonicMs();
        if (leftMs <= 0) return false;
        await sleepUnless(rung, clock, leftMs, either);
      }
    },
    async stop() {
      stopping.abort(new DOMException('the server is stopping', 'AbortError'));
      await Promise.all([...under, ...resting.values()]);
    },
  };
}
