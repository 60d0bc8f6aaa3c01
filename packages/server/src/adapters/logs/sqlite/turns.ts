import { abortable } from '../../shared/abortable.ts';

/** One thing at a time, for several who take turns. */
export interface Turns {
  /**
   * Does `work` when it is this one's turn. Rejects with the signal's reason: what had not begun by then is never
   * done, and what had goes on to its end, before which nobody else has their turn.
   */
  take<T>(who: string, signal: AbortSignal, work: () => Promise<T>): Promise<T>;
}

export function createTurns(): Turns {
  /** Those who wait, the next one first, each with what is to be begun for them. */
  const waiting = new Map<string, Set<() => void>>();
  let isBusy = false;

  function beginNext(): void {
    const [next] = waiting;
    isBusy = next !== undefined;
    if (next === undefined) return;
    const [who, theirs] = next;
    const [begin] = theirs;
    // Whoever wants more is the last one of all now.
    waiting.delete(who);
    if (begin === undefined) {
      beginNext();
      return;
    }
    theirs.delete(begin);
    if (theirs.size > 0) waiting.set(who, theirs);
    begin();
  }

  function turnOf(who: string, signal: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const theirs = waiting.get(who) ?? new Set();
    const leave = (): void => {
      theirs.delete(begin);
      if (theirs.size === 0 && waiting.get(who) === theirs) waiting.delete(who);
      reject(signal.reason);
    };
    const begin = (): void => {
      signal.removeEventListener('abort', leave);
      resolve();
    };
    waiting.set(who, theirs.add(begin));
    signal.addEventListener('abort', leave, { once: true });
    if (!isBusy) beginNext();
    return promise;
  }

  async function toItsEnd<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } finally {
      beginNext();
    }
  }

  return {
    async take(who, signal, work) {
      signal.throwIfAborted();
      await turnOf(who, signal);
      if (signal.aborted) {
        beginNext();
        throw signal.reason;
      }
      return await abortable(toItsEnd(work), signal);
    },
  };
}
