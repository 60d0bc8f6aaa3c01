import { VolaryError } from '../../domain/errors.ts';
import type { EngineDeps } from '../deps.ts';

/** From a failure to the next try, milliseconds: at first, and at most. It doubles from one to the next. */
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 10_000;

/**
 * The sources that cannot be taken into the log now. Each is told of once, and again when it fails anew after it went well. What is away for many of them
 * alike, such as a disk that is full, is told of once for all.
 */
export interface Failures {
  /** It could not be taken. Returns how long to leave it alone, milliseconds. */
  add(source: string, error: unknown): number;
  /** It could be. */
  clear(source: string): void;
}

interface Failure {
  readonly cause: string;
  readonly pauseMs: number;
}

/** `intake` names all of the sources together. */
export function createFailures({ log }: Pick<EngineDeps, 'log'>, intake: string): Failures {
  const failing = new Map<string, Failure>();

  const isKnown = (cause: string): boolean => [...failing.values()].some((each) => each.cause === cause);

  return {
    add(source, error) {
      const isAway = error instanceof VolaryError && error.code === 'unavailable';
      const cause = isAway ? error.reason : source;
      const before = failing.get(source);
      if (before?.cause !== cause && !isKnown(cause))
        log.warn('lines could not be taken into the log; it is tried again', { intake, source, error });
      const pauseMs = Math.min(LONGEST_PAUSE_MS, before === undefined ? FIRST_PAUSE_MS : before.pauseMs * 2);
      failing.set(source, { cause, pauseMs });
      return pauseMs;
    },
    clear(source) {
      failing.delete(source);
    },
  };
}

/** Tries it again and again until it is done or the signal is aborted. `isWell` is to be called whenever a part of it went well. */
export async function untilDone(
  deps: Pick<EngineDeps, 'clock' | 'log'>,
  { source, signal }: { readonly source: string; readonly signal: AbortSignal },
  attempt: (isWell: () => void) => Promise<void>,
): Promise<void> {
  const failures = createFailures(deps, source);
  while (!signal.aborted) {
    try {
      await attempt(() => failures.clear(source));
      return;
    } catch (error) {
      if (signal.aborted) return;
      const pauseMs = failures.add(source, error);
      await deps.clock.sleep(pauseMs, { signal }).catch(() => undefined);
    }
  }
}
