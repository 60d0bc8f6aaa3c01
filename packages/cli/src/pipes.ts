import { constants } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import type { Context } from './context.ts';

const LAST_WORK_MS = 2000;

/**
 * Ends the process when a reader of our output has gone (`volary ls | head -1`): with SIGPIPE's number, as other programs
 * end, and without a word, since nothing is wrong.
 */
export function watchPipes(streams: Pick<Context, 'stdout' | 'stderr'>): {
  readonly whenBroken: Context['whenPipeBreaks'];
} {
  let work = async (): Promise<void> => {};

  function onError(error: NodeJS.ErrnoException): void {
    if (error.code !== 'EPIPE') throw error;
    const done = work().catch(() => undefined); // nobody is left who could be told
    void Promise.race([done, delay(LAST_WORK_MS)]).then(() => process.exit(128 + constants.signals.SIGPIPE));
  }

  streams.stdout.on('error', onError);
  streams.stderr.on('error', onError);
  return {
    whenBroken: (last) => {
      work = last;
    },
  };
}
