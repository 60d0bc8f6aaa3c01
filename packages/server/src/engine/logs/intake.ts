import { VolaryError } from '../../domain/errors.ts';
import type { EngineDeps } from '../deps.ts';

/** What is taken at the same time: the rest has its turn after it. */
const CONCURRENCY = 8;
/** After a failure, milliseconds. */
const PAUSE_MS = 1_000;

/**
 * Takes from many sources, a part of each at a time and each source by itself, so that one with much to say takes turns with all others. What is offered while it is
 * being taken is looked at once more.
 */
export interface Intake {
  /** There may be something at this source. Returns at once. */
  offer(source: string): void;
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
  let isFailing = false;

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
      });
      under.add(turn);
    }
  }

  async function takeOnce(source: string): Promise<void> {
    try {
      if (await take(source, signal)) waiting.add(source);
      isFailing = false;
    } catch (error) {
      if (signal.aborted) return;
      // Told once: a disk that is full stays so for a while.
      if (!isFailing) log.warn('lines could not be taken into the log; it is tried again', { intake: name, error });
      isFailing = true;
      await clock.sleep(PAUSE_MS, { signal }).catch(() => undefined);
      if (error instanceof VolaryError) waiting.add(source);
    }
  }

  return {
    offer(source) {
      waiting.add(source);
      next();
    },
    async stop() {
      stopping.abort(new DOMException('the server is stopping', 'AbortError'));
      await Promise.all(under);
    },
  };
}
