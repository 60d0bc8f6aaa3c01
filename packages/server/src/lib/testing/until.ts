import { setTimeout as sleep } from 'node:timers/promises';

/** Longer than anything takes that tests wait for, on a busy host too, and shorter than what ends a test. */
const LONGEST_MS = 20_000;

/**
 * Looks again and again until there is an answer, which it returns: anything but `null`, `undefined` and `false`. What `look` throws is thrown.
 * Fails after `timeoutMs`, naming what was waited for, also where a look itself does not end.
 */
export async function until<T>(
  look: () => T | Promise<T>,
  what: string,
  { timeoutMs = LONGEST_MS, everyMs = 20 }: { readonly timeoutMs?: number; readonly everyMs?: number } = {},
): Promise<Exclude<T, null | undefined | false>> {
  const over = new AbortController();
  const late = sleep(timeoutMs, undefined, over).then(() => {
    throw new Error(`this did not come within ${timeoutMs} ms: ${what}`);
  });
  try {
    return await Promise.race([late, lookAgain(look, everyMs, over.signal)]);
  } finally {
    over.abort();
  }
}

async function lookAgain<T>(
  look: () => T | Promise<T>,
  everyMs: number,
  signal: AbortSignal,
): Promise<Exclude<T, null | undefined | false>> {
  for (;;) {
    const seen = await look();
    if (isAnswer(seen)) return seen;
    await sleep(everyMs, undefined, { signal });
  }
}

function isAnswer<T>(seen: T): seen is Exclude<T, null | undefined | false> {
  return seen !== null && seen !== undefined && seen !== false;
}
