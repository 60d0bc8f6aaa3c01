/**
 * Moves what was committed from SQLite's write-ahead log into the database: by itself SQLite does so within the commit that makes the log long enough, and waits for the disk
 * twice. That is some tens of milliseconds every few thousand pages, in which nothing else is done in the thread that commits. So it is done in a thread of its own,
 * which begins when there is something to move, and ends when nothing has been for a while: it takes some 15 MiB.
 */
import type { Worker } from 'node:worker_threads';
import type Database from 'better-sqlite3';
import type { Statement } from 'better-sqlite3';
import { createTrouble } from '../../lib/trouble.ts';
import type { Log } from '../../ports/log.ts';
import { startTypedWorker } from './typed-worker.ts';

/** Pages after which the log is moved: SQLite's own measure. */
const PAGES = 1_000;
/** From so many on who writes waits until the log is empty: pages that come while others are moved keep it from beginning anew. */
const MOST_PAGES = 16_000;
/** Where the thread does nothing, SQLite does it by itself. */
const LAST_RESORT_PAGES = 32_000;
/** Commits from one look at the log to the next. */
const LOOK_COMMITS = 16;
const IDLE_MS = 30_000;

export interface CheckpointQuestion {
  readonly id: number;
  readonly path: string;
  /** The log is to begin anew, whoever has to wait for that. */
  readonly isWhole: boolean;
}

export interface CheckpointAnswer {
  readonly id: number;
  /** Null: it was done, as far as could be. */
  readonly error: unknown;
}

/** The log of one database. Disposing resolves when nobody works on it: to be done before its file goes. */
export interface WatchedLog extends AsyncDisposable {
  /** To be called after each commit. */
  committed(): void;
}

/** Disposing waits for what is under way, and ends the thread. */
export interface Checkpoints extends AsyncDisposable {
  /** From now on this connection, which writes to the database at `path`, moves nothing by itself. */
  watch(database: Database, path: string): WatchedLog;
}

/** Others than the real ones are for tests. */
interface CheckpointOptions {
  readonly idleMs?: number;
  readonly pages?: number;
  readonly mostPages?: number;
}

interface Progress {
  readonly log: number;
}

export function createCheckpoints(
  { log }: { readonly log: Log },
  { idleMs = IDLE_MS, pages = PAGES, mostPages = MOST_PAGES }: CheckpointOptions = {},
): Checkpoints {
  const waiting = new Map<number, PromiseWithResolvers<void>>();
  let worker: Worker | null = null;
  let resting: NodeJS.Timeout | undefined;
  let count = 0;
  // A disk that is full stays so for a while.
  const trouble = createTrouble({
    begins: (error) => log.warn('what was committed could not be moved into its database', { error }),
  });

  function start(): Worker {
    const started = startTypedWorker(new URL('./checkpoint-worker.ts', import.meta.url));
    started.on('message', ({ id, error }: CheckpointAnswer) => {
      note(error);
      waiting.get(id)?.resolve();
      waiting.delete(id);
      if (waiting.size === 0) rest(started);
    });
    started.on('error', note);
    started.on('exit', () => {
      if (worker !== started) return;
      worker = null;
      for (const asked of waiting.values()) asked.resolve();
      waiting.clear();
    });
    return started;
  }

  function note(error: unknown): void {
    if (error === null) trouble.recovered();
    else trouble.failed(error);
  }

  /** Whoever has committed has: what fails here is no fault of theirs. */
  function pagesOf(look: Statement): number {
    try {
      return look.all<Progress>([])[0]?.log ?? 0;
    } catch (error) {
      note(error);
      return 0;
    }
  }

  function rest(idle: Worker): void {
    idle.unref();
    resting = setTimeout(() => {
      worker = null;
      void idle.terminate();
    }, idleMs);
    resting.unref();
  }

  function ask(path: string, isWhole: boolean): Promise<void> {
    clearTimeout(resting);
    worker ??= start();
    worker.ref();
    const id = count++;
    const asked = Promise.withResolvers<void>();
    waiting.set(id, asked);
    worker.postMessage({ id, path, isWhole } satisfies CheckpointQuestion);
    return asked.promise;
  }

  return {
    watch(database, path) {
      database.exec(`PRAGMA wal_autocheckpoint = ${LAST_RESORT_PAGES}`);
      // It moves nothing, and says how long the log is.
      const look = database.prepare('PRAGMA wal_checkpoint(NOOP)');
      let commits = 0;
      let tried = 0;
      let underWay: Promise<void> | null = null;
      return {
        committed() {
          commits += 1;
          if (commits % LOOK_COMMITS !== 0 || underWay !== null) return;
          const present = pagesOf(look);
          // It has begun anew.
          if (present < tried) tried = 0;
          if (present - tried < pages) return;
          tried = present;
          underWay = ask(path, present >= mostPages).then(() => {
            underWay = null;
          });
        },
        async [Symbol.asyncDispose]() {
          await underWay;
        },
      };
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([...waiting.values()].map(({ promise }) => promise));
      clearTimeout(resting);
      const ended = worker;
      worker = null;
      await ended?.terminate();
    },
  };
}
