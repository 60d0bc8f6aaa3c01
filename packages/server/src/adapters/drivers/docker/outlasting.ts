/** How long the engine is given to say what came of something that nobody wants any more, milliseconds. */
const GIVEN_MS = 15_000;

/**
 * Does what may come about although nobody waits for it any more, such as the start of a container: it is awaited for a while after `signal`, so that
 * whoever looks next sees what came of it, and not for ever, since an engine may say nothing.
 */
export async function outlasting<T>(
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
  { givenMs = GIVEN_MS } = {},
): Promise<T> {
  const over = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const begin = (): void => {
    timer = setTimeout(() => over.abort(signal.reason), givenMs);
  };
  if (signal.aborted) begin();
  else signal.addEventListener('abort', begin, { once: true });
  try {
    return await work(over.signal);
  } finally {
    signal.removeEventListener('abort', begin);
    clearTimeout(timer);
  }
}
