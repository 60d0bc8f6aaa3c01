import { constants } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import type { Context } from './context.ts';

const LAST_WORK_MS = 2000;

type Output = Pick<Context, 'stdout' | 'stderr'>;

/** Held while a command runs. */
interface WatchedPipes extends Disposable {
  readonly whenBroken: Context['whenPipeBreaks'];
  /** Resolves when all that was written has left us. Where it cannot, it does not: the process ends as is said below. */
  whenWritten(): Promise<void>;
}

/**
 * Ends the process when its output can no longer be written. When a reader has gone (`volary ls | head -1`) it ends with
 * SIGPIPE's number, as other programs do, and without a word, since nothing is wrong; else (the disk is full) with the
 * code that `tell` returns.
 */
export function watchPipes({ stdout, stderr }: Output, tell: (error: Error) => number): WatchedPipes {
  let work = async (): Promise<void> => {};
  let isEnding = false;

  function onError(error: NodeJS.ErrnoException): void {
    if (isEnding) return; // stderr is full as well: nobody can be told
    isEnding = true;
    const exitCode = error.code === 'EPIPE' ? 128 + constants.signals.SIGPIPE : tell(error);
    const done = work().catch(() => undefined); // nobody is left who could be told
    void Promise.race([done, delay(LAST_WORK_MS)]).then(() => process.exit(exitCode));
  }

  stdout.on('error', onError);
  stderr.on('error', onError);
  return {
    whenBroken: (last) => {
      work = last;
    },
    whenWritten: async () => {
      for (const stream of [stdout, stderr]) await written(stream);
    },
    [Symbol.dispose]: () => {
      stdout.off('error', onError);
      stderr.off('error', onError);
    },
  };
}

function written(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    stream.write('', (error) => {
      // What fails is seen to as an event of the stream, which may come after this.
      if (error === null || error === undefined) resolve();
    });
  });
}
