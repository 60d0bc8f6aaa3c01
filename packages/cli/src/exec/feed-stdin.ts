import type { StdinWriter } from '@volary/sdk';
import { createEscapeFilter } from './escape-filter.ts';

/** The command no longer reads: nothing is wrong with that. */
const NO_MORE_NEEDED: ReadonlySet<string> = new Set(['execution.stdin_closed', 'execution.not_running']);

/**
 * Passes our input on to the command until either ends. Resolves with `left` if the user typed the way out of a
 * terminal session, which is looked for with `isTyped`.
 */
export async function feedStdin(
  source: AsyncIterable<Uint8Array>,
  stdin: StdinWriter,
  options: { readonly isTyped: boolean },
): Promise<'left' | 'ended'> {
  const filter = createEscapeFilter();
  try {
    for await (const chunk of source) {
      const { bytes, isLeaving } = options.isTyped ? filter(chunk) : { bytes: chunk, isLeaving: false };
      if (isLeaving) return 'left';
      if (bytes.length > 0) await stdin.write(bytes);
    }
    await stdin.end();
  } catch (error) {
    if (!isNoMoreNeeded(error)) throw error;
  }
  return 'ended';
}

function isNoMoreNeeded(error: unknown): boolean {
  return error instanceof Error && 'reason' in error && NO_MORE_NEEDED.has(String(error.reason));
}
