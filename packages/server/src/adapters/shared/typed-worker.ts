import { getCompileCacheDir } from 'node:module';
import { dirname } from 'node:path';
import { Worker } from 'node:worker_threads';

/** A thread of its own that runs a module of ours. Nobody waits for its end: who needs an answer holds it by `ref`. */
export function startTypedWorker(module: URL, workerData?: unknown): Worker {
  const compiled = getCompileCacheDir();
  return new Worker(module, {
    workerData,
    // Without what was compiled before it would load what strips types, which takes more memory than all else of it.
    env: { ...process.env, ...(compiled === undefined ? {} : { NODE_COMPILE_CACHE: dirname(compiled) }) },
  });
}
