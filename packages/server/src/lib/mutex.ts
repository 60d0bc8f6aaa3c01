/** Lets one holder in at a time, in the order they came. */
export interface Mutex {
  /**
   * Resolves with the function that lets the next one in, or with null if `timeoutMs` passed first. Calling the
   * function twice is the same as once.
   */
  acquire(options: { readonly timeoutMs: number }): Promise<(() => void) | null>;
  /** Whether somebody has it. */
  isHeld(): boolean;
  /** Whether somebody gets it as soon as its holder lets go of it. */
  isAwaited(): boolean;
}

/** A mutex that nobody holds. Taking it when it is free costs no timer. */
export function createMutex(): Mutex {
  const waiting = new Set<() => void>();
  let isHeld = false;

  function passOn(): void {
    const [next] = waiting;
    if (next === undefined) {
      isHeld = false;
      return;
    }
    waiting.delete(next);
    next();
  }

  function hold(): () => void {
    let isMine = true;
    return () => {
      if (!isMine) return;
      isMine = false;
      passOn();
    };
  }

  return {
    isHeld: () => isHeld,
    isAwaited: () => waiting.size > 0,
    acquire({ timeoutMs }) {
      if (!isHeld) {
        isHeld = true;
        return Promise.resolve(hold());
      }
      return new Promise((resolve) => {
        const enter = (): void => {
          clearTimeout(timer);
          resolve(hold());
        };
        const timer = setTimeout(() => {
          waiting.delete(enter);
          resolve(null);
        }, timeoutMs);
        waiting.add(enter);
      });
    },
  };
}
