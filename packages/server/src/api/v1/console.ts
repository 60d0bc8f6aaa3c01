import { setTimeout as sleep } from 'node:timers/promises';

/** How long a follower of a silent console waits for its headers. */
const PATIENCE_MS = 100;

interface Chunk {
  readonly offset: number;
  readonly bytes: Uint8Array;
}

/**
 * The bytes of a console, and where the first of them stands: that goes into a header, so the first chunk is looked at before
 * anything is sent. Null where there is none yet.
 */
export async function openConsole(
  source: AsyncIterable<Chunk>,
  { isFollowing }: { readonly isFollowing: boolean },
): Promise<{ readonly firstOffset: number | null; readonly bytes: AsyncIterable<Uint8Array> }> {
  const iterator = source[Symbol.asyncIterator]();
  const next = iterator.next();
  const first = isFollowing ? await unlessSilent(next) : await next;
  const firstOffset = first === null || first.done === true ? null : first.value.offset;
  return { firstOffset, bytes: bytesOf(iterator, next) };
}

async function unlessSilent<T>(next: Promise<T>): Promise<T | null> {
  const over = new AbortController();
  const silence = sleep(PATIENCE_MS, null, over);
  try {
    return await Promise.race([next, silence]);
  } finally {
    over.abort();
  }
}

async function* bytesOf(
  iterator: AsyncIterator<Chunk>,
  first: Promise<IteratorResult<Chunk>>,
): AsyncGenerator<Uint8Array> {
  try {
    for (let next = await first; next.done !== true; next = await iterator.next()) yield next.value.bytes;
  } finally {
    await iterator.return?.();
  }
}
