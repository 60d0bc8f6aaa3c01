/** Values pushed on one side, taken by one reader on the other. */
export interface HintQueue<T> extends AsyncIterable<T> {
  /** Never waits. A value that is waiting already is not added again; past the capacity the oldest is dropped. */
  push(value: T): void;
  /** Ends the iteration after what is waiting has been taken. */
  end(): void;
}

/**
 * A bounded queue for hints: equal values are merged, and a reader who is too slow loses the oldest. Aborting the
 * signal ends the iteration at once.
 */
export function createHintQueue<T>(options: {
  readonly capacity: number;
  readonly signal?: AbortSignal;
}): HintQueue<T> {
  const waiting = new Set<T>();
  let isEnded = false;
  let wake: (() => void) | null = null;

  const wakeReader = (): void => {
    const call = wake;
    wake = null;
    call?.();
  };
  const end = (): void => {
    isEnded = true;
    wakeReader();
  };
  const onAbort = (): void => {
    waiting.clear();
    end();
  };
  if (options.signal?.aborted === true) end();
  else options.signal?.addEventListener('abort', onAbort, { once: true });

  return {
    push(value) {
      if (isEnded || waiting.has(value)) return;
      if (waiting.size >= options.capacity) {
        const oldest = waiting.values().next();
        if (!oldest.done) waiting.delete(oldest.value);
      }
      waiting.add(value);
      wakeReader();
    },
    end,
    async *[Symbol.asyncIterator]() {
      try {
        for (;;) {
          for (const value of waiting) {
            waiting.delete(value);
            yield value;
          }
          if (isEnded) return;
          if (waiting.size === 0)
            await new Promise<void>((resolve) => {
              wake = resolve;
            });
        }
      } finally {
        options.signal?.removeEventListener('abort', onAbort);
        isEnded = true;
        waiting.clear();
      }
    },
  };
}
