/** The thread that `memory-thread.ts` starts: it answers one question at a time. */
import { parentPort } from 'node:worker_threads';
import { copyPrivatePages, digestSparse, type MemoryRange } from './copy-memory.ts';

/** What it is asked. */
export type MemoryQuestion =
  | { readonly kind: 'copy'; readonly range: MemoryRange; readonly path: string; readonly isBased: boolean }
  | { readonly kind: 'digest'; readonly path: string };

/** What it answers: bytes written, or the digest; or why not, with the system's code apart, since a copied error loses it. */
type MemoryAnswer = { readonly result: number | string } | { readonly error: unknown; readonly code: string | null };

parentPort?.on('message', (question: MemoryQuestion) => {
  parentPort?.postMessage(answer(question));
});
parentPort?.postMessage({ result: 'ready' } satisfies MemoryAnswer);

function answer(question: MemoryQuestion): MemoryAnswer {
  try {
    if (question.kind === 'digest') return { result: digestSparse(question.path) };
    return { result: copyPrivatePages(question.range, question.path, question.isBased) };
  } catch (error) {
    return { error, code: error instanceof Error && 'code' in error ? String(error.code) : null };
  }
}
