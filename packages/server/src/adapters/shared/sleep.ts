/**
 * Resolves after the time; rejects with the signal's own reason if it is aborted first, which Node's timers do not.
 * `isIdle`: the program may end meanwhile, if nothing else keeps it.
 */
export function sleep(
  delayMs: number,
  signal: AbortSignal,
  { isIdle = false }: { readonly isIdle?: boolean } = {},
): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const onAbort = (): void => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', onAbort);
      resolve();
    }, delayMs);
    if (isIdle) timer.unref();
    signal.addEventListener('abort', onAbort, { once: true });
  });
}
