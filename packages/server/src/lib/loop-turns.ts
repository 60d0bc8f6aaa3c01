/**
 * Turns of the event loop, shared out. Promises come before everything else: work that waits for nothing real, such as calls of a database that
 * only look asynchronous, goes on for ever while requests and timers wait. Whoever does such work asks here between its parts.
 */
export interface LoopTurns {
  /** Resolves when there is time left in this turn of the loop, else in a later one, in the order of asking. `isFirst`: before all others. */
  share(options?: { readonly isFirst?: boolean }): Promise<void>;
}

/** Turns that last so long at most, as far as those that share them ask often enough. Milliseconds. */
export function createLoopTurns({ longestMs }: { readonly longestMs: number }): LoopTurns {
  const waiting: (() => void)[] = [];
  /** When this turn began, as far as anybody has asked in it. */
  let startedMs: number | null = null;
  let isNextAwaited = false;
  /** One has been let go and does its part. */
  let isTaken = false;

  function awaitNext(): void {
    if (isNextAwaited) return;
    isNextAwaited = true;
    setImmediate(() => {
      isNextAwaited = false;
      startedMs = null;
      if (!isTaken) letNextGo();
    });
  }

  function hasTime(): boolean {
    const nowMs = performance.now();
    startedMs ??= nowMs;
    awaitNext();
    return nowMs - startedMs < longestMs;
  }

  /** One after the other: when the promises have run dry, it has done its part and only waits. */
  function take(): void {
    isTaken = true;
    queueMicrotask(() => process.nextTick(letNextGo));
  }

  function letNextGo(): void {
    isTaken = false;
    if (waiting.length === 0 || !hasTime()) return;
    waiting.shift()?.();
    take();
  }

  return {
    share({ isFirst = false } = {}) {
      if ((waiting.length === 0 || isFirst) && !isTaken && hasTime()) {
        take();
        return Promise.resolve();
      }
      return new Promise((resolve) => {
        if (isFirst) waiting.unshift(resolve);
        else waiting.push(resolve);
        awaitNext();
      });
    },
  };
}
