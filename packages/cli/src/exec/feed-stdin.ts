import type { StdinWriter } from '@volary/sdk';
import { createEscapeFilter } from './escape-filter.ts';

/** The command no longer reads: nothing is wrong with that. */
const NO_MORE_NEEDED: ReadonlySet<string> = new Set(['execution.stdin_closed', 'execution.not_running']);

/** Of what was typed, so much may be on its way: more is not read, so that a paste of any size fits into memory. */
const TYPED_AHEAD_BYTES = 1024 * 1024;

/**
 * Passes our input on to the command until either ends. With `isTyped` it resolves with `left` if the user typed the way out of a
 * terminal session; that is seen also while a command that does not answer takes nothing of what was typed before.
 */
export async function feedStdin(
  source: AsyncIterable<Uint8Array>,
  stdin: StdinWriter,
  options: { readonly isTyped: boolean },
): Promise<'left' | 'ended'> {
  try {
    if (options.isTyped) return await feedTyped(source, stdin);
    for await (const chunk of source) await stdin.write(chunk);
    await stdin.end();
  } catch (error) {
    if (!isNoMoreNeeded(error)) throw error;
  }
  return 'ended';
}

async function feedTyped(source: AsyncIterable<Uint8Array>, stdin: StdinWriter): Promise<'left' | 'ended'> {
  const filter = createEscapeFilter();
  const failed = Promise.withResolvers<never>();
  failed.promise.catch(() => undefined); // seen by the race below, if it is still run
  let aheadBytes = 0;
  let last = Promise.resolve();
  const reader = source[Symbol.asyncIterator]();
  for (;;) {
    const { done, value } = await Promise.race([reader.next(), failed.promise]);
    if (done === true) break;
    const { bytes, isLeaving } = filter(value);
    if (isLeaving) return 'left';
    if (bytes.length === 0) continue;
    aheadBytes += bytes.length;
    last = stdin.write(bytes).then(() => {
      aheadBytes -= bytes.length;
    }, failed.reject);
    if (aheadBytes > TYPED_AHEAD_BYTES) await Promise.race([last, failed.promise]);
  }
  await Promise.race([stdin.end(), failed.promise]);
  return 'ended';
}

function isNoMoreNeeded(error: unknown): boolean {
  return error instanceof Error && 'reason' in error && NO_MORE_NEEDED.has(String(error.reason));
}
