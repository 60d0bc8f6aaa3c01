import { Worker } from 'node:worker_threads';
import { VolaryError } from '../../../domain/errors.ts';
import type { LogAnswer, LogQuestion } from './log-worker.ts';

/** A thread that has the database of lines open. Disposing waits for what it was asked before. */
export interface LogThread extends AsyncDisposable {
  /** Throws `unavailable` logs.unavailable. */
  ask(question: LogQuestion): Promise<unknown>;
}

/** Begins with the first question, and anew after it has ended by a fault. */
export function createLogThread(
  options: { readonly path: string; readonly isWriter: boolean },
  damaged: (error: unknown) => void,
): LogThread {
  const waiting = new Map<number, PromiseWithResolvers<unknown>>();
  let worker: Worker | null = null;
  let count = 0;

  function receive(answer: LogAnswer): void {
    if ('damaged' in answer) {
      damaged(answer.damaged);
      return;
    }
    const asked = waiting.get(answer.id);
    waiting.delete(answer.id);
    if (waiting.size === 0) worker?.unref();
    if (asked === undefined) return;
    if ('result' in answer) asked.resolve(answer.result);
    else asked.reject(answer.code === null ? answer.error : unavailable(answer.error, answer.code));
  }

  function over(begun: Worker, error: unknown): void {
    if (worker !== begun) return;
    worker = null;
    for (const asked of waiting.values()) asked.reject(unavailable(error, null));
    waiting.clear();
  }

  function start(): Worker {
    const begun = new Worker(new URL('./log-worker.ts', import.meta.url), { workerData: options });
    begun.on('message', receive);
    begun.on('error', (error) => over(begun, error));
    begun.on('exit', () => over(begun, new Error('the thread of the logs has ended')));
    return begun;
  }

  async function ask(question: LogQuestion): Promise<unknown> {
    worker ??= start();
    const id = count++;
    const asked = Promise.withResolvers<unknown>();
    waiting.set(id, asked);
    // It keeps the program going as long as somebody waits for it.
    worker.ref();
    worker.postMessage({ id, question });
    return await asked.promise;
  }

  return {
    ask,
    async [Symbol.asyncDispose]() {
      if (worker === null) return;
      const ended = worker;
      await ask({ kind: 'close' });
      await ended.terminate();
    },
  };
}

function unavailable(cause: unknown, code: string | null): VolaryError {
  const isFull = code !== null && /^SQLITE_(FULL|IOERR_(SHMSIZE|SHMMAP|WRITE|TRUNCATE))$/.test(code);
  const why = isFull ? 'the disk is full' : 'its file cannot be worked on';
  return new VolaryError('unavailable', `The log is not to be had now: ${why}.`, { reason: 'logs.unavailable', cause });
}
