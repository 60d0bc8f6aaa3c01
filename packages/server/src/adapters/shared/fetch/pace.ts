/** Slower than a telephone line: whoever sends so little holds a place that others wait for. */
const LEAST_BYTES = 256 * 1024;

interface Pace extends Disposable {
  /** Aborted when too little came in one window of time. */
  readonly signal: AbortSignal;
  /** So many bytes have come. */
  note(bytes: number): void;
}

/**
 * Watches how fast something comes, from now until it is disposed of: over all tries, so that breaking off before the end of a window gains
 * nothing. A window in which nothing comes at all is left to the time-out of the connection, which says better what is wrong.
 */
export function watchPace(windowMs: number, tooSlow: (leastBytes: number) => Error): Pace {
  const controller = new AbortController();
  let bytes = 0;
  const timer = setInterval(() => {
    if (bytes > 0 && bytes < LEAST_BYTES) controller.abort(tooSlow(LEAST_BYTES));
    bytes = 0;
  }, windowMs);
  return {
    signal: controller.signal,
    note: (more) => {
      bytes += more;
    },
    [Symbol.dispose]: () => clearInterval(timer),
  };
}
