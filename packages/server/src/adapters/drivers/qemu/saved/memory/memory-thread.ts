import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { either, integer, nothing, present, record, text } from '../../../../../lib/shape.ts';
import type { MemoryRange } from './copy-memory.ts';
import type { MemoryQuestion } from './memory-worker.ts';

const ANSWER = record({ result: either(text, integer(0)) });
const FAILURE = record({ error: present, code: either(nothing, text) });

/** A thread that copies memory while the server goes on. One question at a time; disposing ends it. */
export interface MemoryThread extends AsyncDisposable {
  /** As `copyPrivatePages`. Throws its error. */
  copyPrivatePages(range: MemoryRange, path: string, isBased: boolean): Promise<number>;
  /** As `digestSparse`. Throws its error. */
  digestSparse(path: string): Promise<string>;
}

/** Resolves when the thread is ready to answer, so that no halted guest waits for it to be started. */
export async function startMemoryThread(): Promise<MemoryThread> {
  const worker = new Worker(new URL('./memory-worker.ts', import.meta.url));

  async function answer(): Promise<number | string> {
    const [given]: unknown[] = await once(worker, 'message');
    if (ANSWER(given)) return given.result;
    if (!FAILURE(given)) throw new TypeError('the thread gave no answer');
    const { error, code } = given;
    throw error instanceof Error && code !== null ? Object.assign(error, { code }) : error;
  }

  async function ask(question: MemoryQuestion): Promise<number | string> {
    const answering = answer();
    worker.postMessage(question);
    return await answering;
  }

  await answer();
  return {
    copyPrivatePages: async (range, path, isBased) => Number(await ask({ kind: 'copy', range, path, isBased })),
    digestSparse: async (path) => String(await ask({ kind: 'digest', path })),
    async [Symbol.asyncDispose]() {
      await worker.terminate();
    },
  };
}
