import { constants } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import type { Context } from './context.ts';

const LAST_WORK_MS = 2000;

/** Held while a command runs. */
interface WatchedPipes extends Disposable {
  readonly whenBroken: Context['whenPipeBreaks'];
}

/**
 * Ends the process when a reader of our output has gone (`volary ls | head -1`): with SIGPIPE's number, as other programs
 * end, and without a word, since nothing is wrong.
 */
export function watchPipes({ stdout, stderr }: Pick<Context, 'stdout' | 'stderr'>): WatchedPipes {
  let work = async (): Promise<void> => {};

  function onError(error: NodeJS.ErrnoException): void {
    if (error.code !== 'EPIPE') throw error;
    const done = work().catch(() => undefined); // nobody is left who could be told
    void Promise.race([done, delay(LAST_WORK_MS)]).then(() => process.exit(128 + constants.signals.SIGPIPE));
  }

  stdout.on('error', onError);
  stderr.on('error', onError);
  return {
    whenBroken: (last) => {
      work = last;
    },
    [Symbol.dispose]: () => {
      stdout.off('error', onError);
      stderr.off('error', onError);
    },
  };
}
