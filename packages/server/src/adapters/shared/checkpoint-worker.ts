/** The thread that `checkpoints.ts` starts. It has no file open between two questions: whoever closes a database closes all of it. */
import { parentPort } from 'node:worker_threads';
import Database from 'better-sqlite3';
import type { CheckpointAnswer, CheckpointQuestion } from './checkpoints.ts';

/** How long it waits for who reads or writes, where the log is to begin anew, milliseconds. */
const BUSY_MS = 1_000;
/** While it moves pages others are written: each time there are fewer of them. */
const MOST_PASSES = 4;

interface Progress {
  readonly log: number;
  readonly checkpointed: number;
}

parentPort?.on('message', ({ id, path, isWhole }: CheckpointQuestion) => {
  parentPort?.postMessage({ id, error: checkpoint(path, isWhole) } satisfies CheckpointAnswer);
});

/** Why it could not be done; null: it was. */
function checkpoint(path: string, isWhole: boolean): unknown {
  try {
    const database = new Database(path, { fileMustExist: true, timeout: BUSY_MS });
    try {
      // This keeps nobody waiting; `RESTART` keeps who writes waiting for what is left.
      for (let pass = 1, left = Infinity; pass <= MOST_PASSES && left > 0; pass++) {
        const before = left;
        left = leftAfter(database, 'PASSIVE');
        if (left >= before) break;
      }
      if (isWhole) leftAfter(database, 'RESTART');
    } finally {
      database.close();
    }
    return null;
  } catch (error) {
    return error;
  }
}

/** Pages that are not in the database yet. */
function leftAfter(database: Database, mode: 'PASSIVE' | 'RESTART'): number {
  const [progress] = database.prepare(`PRAGMA wal_checkpoint(${mode})`).all<Progress>([]);
  return progress === undefined ? 0 : progress.log - progress.checkpointed;
}
