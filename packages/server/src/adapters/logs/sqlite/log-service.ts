/** What answers questions about the database of lines, in whatever thread it is: it never lets go of that while it works on an answer, but between two parts of a long one. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import Database from 'better-sqlite3';
import type { GuestOutput, NewLogLine } from '../../../domain/logs/log-line.ts';
import type { LogQuery } from '../../../domain/logs/log-query.ts';
import type { CursorMove } from '../../../ports/log-store.ts';
import type { Checkpoints, WatchedLog } from '../../shared/checkpoints.ts';
import {
  createExpendableDatabase,
  createExpendableReader,
  DamageFound,
  type ExpendableDatabase,
} from '../../shared/expendable-database.ts';
import type { KeptFilter } from './kept-from.ts';
import { openForReading, openLogFile } from './log-file.ts';
import { type Bounds, isMuchToPrune, pruneLines } from './log-pruning.ts';
import { createLogReading, type LogReading } from './log-reading.ts';
import { createLogWriting, type LogWriting, type WriteTask } from './log-writing.ts';

/** What a thread is asked. */
export type LogQuestion =
  | {
      readonly kind: 'append';
      readonly lines: readonly NewLogLine[];
      readonly cursor: CursorMove | null;
    }
  | { readonly kind: 'appendOutput'; readonly output: GuestOutput }
  | { readonly kind: 'cursor'; readonly key: string }
  | { readonly kind: 'cursors'; readonly prefix: string }
  | { readonly kind: 'dropCursors'; readonly keys: readonly string[] }
  | { readonly kind: 'last' }
  | { readonly kind: 'neverGiven'; readonly after: number; readonly to: number }
  | { readonly kind: 'keptFrom'; readonly of: KeptFilter }
  | {
      readonly kind: 'prune';
      readonly bounds: Bounds;
      /** With this, nothing is dropped where more than about so many lines are to go: the answer is `TOO_MUCH`. */
      readonly mostLines?: number;
    }
  | { readonly kind: 'read'; readonly query: LogQuery }
  | { readonly kind: 'vms' }
  | { readonly kind: 'usage' }
  | { readonly kind: 'putAside'; readonly fileId: number }
  | { readonly kind: 'close' };

export const TOO_MUCH = 'too much';

/** What a question is answered with by who only reads, where the file is damaged: who writes is to put it aside. */
export interface DamagedFile {
  readonly damagedFileId: number;
}

/** What it says: an answer to the question with this number, or that the file was damaged. */
export type LogAnswer =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly error: unknown; readonly code: string | null }
  | { readonly damaged: unknown };

interface Open {
  readonly database: Database;
  readonly writing: LogWriting;
  readonly reading: LogReading;
  readonly walLog: WatchedLog | null;
}

type Simple = Exclude<LogQuestion, { readonly kind: 'append' | 'appendOutput' | 'prune' | 'putAside' | 'close' }>;

interface Job extends Pick<WriteTask, 'mostLines' | 'step'> {
  readonly result: (last: number) => unknown;
}

export interface LogServiceOptions {
  readonly path: string;
  readonly isWriter: boolean;
  /** Move what was committed, in another thread; null: who commits does. */
  readonly checkpoints?: Checkpoints | null;
}

export interface LogService {
  /** A question with its number; the answer has the same. That to close comes after all others. Resolves when it is answered. */
  receive(message: { readonly id: number; readonly question: LogQuestion }): Promise<void>;
}

/** Opens the file with the first question; only who writes makes it. */
export function createLogService(options: LogServiceOptions, tell: (answer: LogAnswer) => void): LogService {
  const file = fileOf(options, (damaged) => tell({ damaged }));
  /** Questions that are not answered yet. */
  const asked = new Set<Promise<void>>();
  let tasks: readonly WriteTask[] = [];
  let isWriting = false;
  let pruning: Promise<unknown> = Promise.resolve();

  async function resultOf(question: LogQuestion): Promise<unknown> {
    switch (question.kind) {
      case 'append':
        return await write(appending(question));
      case 'appendOutput':
        return await write(taking(question.output));
      case 'prune':
        pruning = Promise.allSettled([pruning]).then(() => prune(question));
        return await pruning;
      case 'putAside':
        return await file.putAside(question.fileId);
      case 'close':
        await Promise.all(asked);
        return await file.close();
      default:
        return await file.use((open) => replyTo(open, question));
    }
  }

  function write({ result, ...task }: Job): Promise<unknown> {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    tasks = [...tasks, { ...task, done: (last) => resolve(result(last)), failed: reject }];
    if (!isWriting) void writeAll();
    return promise;
  }

  async function writeAll(): Promise<void> {
    isWriting = true;
    // What came together goes into one transaction.
    do {
      await nextTurn();
      await writePart();
    } while (tasks.length > 0);
    isWriting = false;
  }

  async function writePart(): Promise<void> {
    const present = tasks;
    tasks = [];
    try {
      const unfinished = await file.use(({ writing, walLog }) => {
        const left = writing.run(present);
        walLog?.committed();
        return left;
      });
      tasks = [...unfinished, ...tasks];
    } catch (error) {
      for (const task of present) task.failed(error);
    }
  }

  /** In a file that was begun anew meanwhile it begins anew as well. */
  async function prune({ bounds, mostLines }: Extract<LogQuestion, { readonly kind: 'prune' }>): Promise<unknown> {
    if (mostLines !== undefined && (await file.use(({ database }) => isMuchToPrune(database, bounds, mostLines))))
      return TOO_MUCH;
    let pruned: { readonly open: Open; readonly steps: Iterator<void> } | null = null;
    for (;;) {
      const isDone: boolean = await file.use((open) => {
        if (pruned?.open !== open) pruned = { open, steps: pruneLines(open.database, bounds) };
        return pruned.steps.next().done === true;
      });
      if (isDone) return null;
      await nextTurn();
    }
  }

  async function reply(id: number, question: LogQuestion): Promise<void> {
    try {
      tell({ id, result: await resultOf(question) });
    } catch (error) {
      if (error instanceof DamageFound) tell({ id, result: { damagedFileId: error.fileId } satisfies DamagedFile });
      else tell({ id, error, code: error instanceof Database.SqliteError ? error.code : null });
    }
  }

  return {
    receive({ id, question }) {
      const answered = reply(id, question).finally(() => asked.delete(answered));
      asked.add(answered);
      return answered;
    },
  };
}

function replyTo({ writing, reading }: Open, question: Simple): unknown {
  switch (question.kind) {
    case 'cursor':
      return writing.cursor(question.key);
    case 'cursors':
      return writing.cursors(question.prefix);
    case 'dropCursors':
      return writing.dropCursors(question.keys);
    case 'last':
      return writing.last();
    case 'neverGiven':
      return writing.neverGiven(question.after, question.to);
    case 'keptFrom':
      return writing.keptFrom(question.of);
    case 'read':
      return reading.read(question.query);
    case 'vms':
      return reading.vms();
    case 'usage':
      return reading.usage();
    default:
      return question satisfies never;
  }
}

function appending({ lines, cursor }: Extract<LogQuestion, { readonly kind: 'append' }>): Job {
  return {
    mostLines: lines.length,
    step: (writing) => {
      writing.add(lines, cursor);
      return true;
    },
    result: (last) => last,
  };
}

function taking(output: GuestOutput): Job {
  let next = 0;
  return {
    mostLines: 0,
    step: (writing, lineCount) => {
      const part = writing.take(output, lineCount);
      next = part.next;
      return part.isDone;
    },
    result: (last) => ({ next, last }),
  };
}

function fileOf(
  { path, isWriter, checkpoints = null }: LogServiceOptions,
  damaged: (error: unknown) => void,
): ExpendableDatabase<Open> {
  const open = (): Open => {
    const database = isWriter ? openLogFile(path) : openForReading(path);
    try {
      const [writing, reading] = [createLogWriting(database), createLogReading(database)];
      return { database, writing, reading, walLog: isWriter ? (checkpoints?.watch(database, path) ?? null) : null };
    } catch (error) {
      database.close();
      throw error;
    }
  };
  const close = async ({ database, writing, walLog }: Open): Promise<void> => {
    await walLog?.[Symbol.asyncDispose]();
    try {
      if (isWriter) writing.release();
    } catch (error) {
      // On a full disk, or where it is damaged, numbers are left out.
      if (!(error instanceof Database.SqliteError)) throw error;
    } finally {
      database.close();
    }
  };
  return isWriter
    ? createExpendableDatabase({ path, open, close, damaged })
    : createExpendableReader({ path, open, close });
}
