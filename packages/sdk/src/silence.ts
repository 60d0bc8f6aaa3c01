/** Tells when nothing has happened for too long. */
export interface SilenceAlarm {
  /** Aborted with the given error when it was silent for too long, or with the reason of the caller's signal. */
  readonly signal: AbortSignal;
  /** Something happened. */
  reset(): void;
  stop(): void;
}

/** Begins to listen at once. By a timer of its own, since this package runs in browsers too. */
export function createSilenceAlarm(afterMs: number, signal: AbortSignal | undefined, error: () => Error): SilenceAlarm {
  const silent = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const reset = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => silent.abort(error()), afterMs);
  };
  reset();
  return {
    signal: signal === undefined ? silent.signal : AbortSignal.any([signal, silent.signal]),
    reset,
    stop: () => clearTimeout(timer),
  };
}
