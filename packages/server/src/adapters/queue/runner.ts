import type { Clock } from '../../ports/clock.ts';

/** Hands out keys until it is told to stop. */
export interface Runner {
  /** Says that a key may have become due. */
  wake(): void;
  /** Resolves when the signal is aborted and nothing is being worked on. */
  readonly ended: Promise<void>;
}

export interface RunnerOptions {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly concurrency: number;
  /** A key that is due, taken out; null if none is. */
  readonly take: () => string | null;
  /** When the next key becomes due, by the monotonic clock; null if none will. */
  readonly nextDueMs: () => number | null;
  /** Never rejects. */
  readonly work: (key: string) => Promise<void>;
}

/** A runner that has begun. It never works on the stack of whoever wakes it, and sleeps until the next key is due. */
export function startRunner({ clock, signal, concurrency, take, nextDueMs, work }: RunnerOptions): Runner {
  const { promise: ended, resolve: end } = Promise.withResolvers<void>();
  let underWay = 0;
  let isAwake = false;
  let alarm: { readonly dueMs: number; readonly cancel: AbortController } | null = null;

  function wake(): void {
    if (isAwake) return;
    isAwake = true;
    queueMicrotask(look);
  }

  function look(): void {
    isAwake = false;
    while (!signal.aborted && underWay < concurrency) {
      const key = take();
      if (key === null) break;
      underWay += 1;
      void work(key).finally(() => {
        underWay -= 1;
        wake();
      });
    }
    setAlarm(signal.aborted || underWay >= concurrency ? null : nextDueMs());
    if (signal.aborted && underWay === 0) finish();
  }

  function setAlarm(dueMs: number | null): void {
    if ((alarm?.dueMs ?? null) === dueMs) return;
    alarm?.cancel.abort();
    alarm = null;
    if (dueMs === null) return;
    const cancel = new AbortController();
    alarm = { dueMs, cancel };
    clock.sleep(Math.max(0, dueMs - clock.monotonicMs()), { signal: cancel.signal }).then(
      () => {
        if (alarm?.cancel === cancel) alarm = null;
        wake();
      },
      // Cancelled: another moment has taken its place.
      () => undefined,
    );
  }

  function finish(): void {
    signal.removeEventListener('abort', wake);
    end();
  }

  signal.addEventListener('abort', wake, { once: true });
  wake();
  return { wake, ended };
}
