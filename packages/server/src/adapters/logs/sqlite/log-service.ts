/** What answers questions about the database of lines, in whatever thread it is: it never lets go of that while it works on an answer, but between two parts of a long one. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import Database from 'better-sqlite3';
import type { GuestOutput, NewLogLine } from '../../../domain/logs/log-line.ts';
import type { LogQuery } from '../../../domain/logs/log-query.ts';
import type { LogStore } from '../../../ports/log-store.ts';
import type { Checkpoints, WatchedLog } from '../../shared/checkpoints.ts';
import { openForReading, openLogFile } from './log-file.ts';
import { pruneLines } from './log-pruning.ts';
import { createLogReading, type LogReading } from './log-reading.ts';
import { createLogWriting, type LogWriting, type WriteTask } from './log-writing.ts';

/** What a thread is asked. */
export type LogQuestion =
  | {
      readonly kind: 'append';
      readonly lines: readonly NewLogLine[];
      readonly cursor: { readonly key: string; readonly to: number } | null;
    }
  | { readonly kind: 'appendOutput'; readonly output: GuestOutput }
  | { readonly kind: 'cursor'; readonly key: string }
  | { readonly kind: 'cursors'; readonly prefix: string }
  | { readonly kind: 'dropCursors'; readonly keys: readonly string[] }
  | { readonly kind: 'last' }
  | { readonly kind: 'keptFrom' }
  | { readonly kind: 'prune'; readonly bounds: Parameters<LogStore['prune']>[0] }
  | { readonly kind: 'read'; readonly query: LogQuery }
  | { readonly kind: 'vms' }
  | { readonly kind: 'usage' }
  | { readonly kind: 'close' };

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

type Simple = Exclude<LogQuestion, { readonly kind: 'append' | 'appendOutput' | 'prune' }>;

interface Job {
  readonly step: WriteTask['step'];
  readonly result: (last: number) => unknown;
}

export interface LogServiceOptions {
  readonly path: string;
  readonly isWriter: boolean;
  /** Move what was committed, in another thread; null: who commits does. */
  readonly checkpoints?: Checkpoints | null;
}

export interface LogService {
  /** A question with its number; the answer has the same. */
  receive(message: { readonly id: number; readonly question: LogQuestion }): void;
}

/** Opens the file with the first question; only who writes makes it. */
export function createLogService(
  { path, isWriter, checkpoints = null }: LogServiceOptions,
  tell: (answer: LogAnswer) => void,
): LogService {
  let open: Open | null = null;
  let tasks: readonly WriteTask[] = [];
  let isRunning = false;
  let pruning: Promise<void> = Promise.resolve();

  function receive(id: number, question: LogQuestion): void {
    switch (question.kind) {
      case 'append':
        enqueue(id, appending(question));
        break;
      case 'appendOutput':
        enqueue(id, taking(question.output));
        break;
      case 'prune':
        pruning = pruning.then(() => prune(id, question.bounds)).catch((error: unknown) => refuse(id, error));
        break;
      default:
        answer(id, replyTo(question));
    }
  }

  function replyTo(question: Simple): unknown {
    switch (question.kind) {
      case 'cursor':
        return files().writing.cursor(question.key);
      case 'cursors':
        return files().writing.cursors(question.prefix);
      case 'dropCursors':
        return files().writing.dropCursors(question.keys);
      case 'last':
        return files().writing.last();
      case 'keptFrom':
        return files().writing.keptFrom();
      case 'read':
        return files().reading.read(question.query);
      case 'vms':
        return files().reading.vms();
      case 'usage':
        return files().reading.usage();
      case 'close':
        return close();
      default:
        return question satisfies never;
    }
  }

  function close(): void {
    open?.database.close();
    open = null;
  }

  function appending({ lines, cursor }: Extract<LogQuestion, { readonly kind: 'append' }>): Job {
    return {
      step: () => {
        files().writing.add(lines, cursor);
        return true;
      },
      result: (last) => last,
    };
  }

  function taking(output: GuestOutput): Job {
    let next = 0;
    return {
      step: (lineCount) => {
        const part = files().writing.take(output, lineCount);
        next = part.next;
        return part.isDone;
      },
      result: (last) => ({ next, last }),
    };
  }

  /** Opened with the first question: what keeps it from that, such as a full disk, is asked about again with the next. */
  function files(): Open {
    if (open !== null) return open;
    const database = isWriter ? openLogFile(path, (damaged) => tell({ damaged })) : openForReading(path);
    const walLog = isWriter ? (checkpoints?.watch(database, path) ?? null) : null;
    open = { database, walLog, writing: createLogWriting(database), reading: createLogReading(database) };
    return open;
  }

  function enqueue(id: number, { step, result }: Job): void {
    const task: WriteTask = {
      step,
      done: (last: number) => answer(id, result(last)),
      failed: (error: unknown) => refuse(id, error),
    };
    tasks = [...tasks, task];
    if (isRunning) return;
    isRunning = true;
    // What came together goes into one transaction.
    setImmediate(runTasks);
  }

  function runTasks(): void {
    const present = tasks;
    tasks = [];
    try {
      tasks = files().writing.run(present);
      files().walLog?.committed();
    } catch (error) {
      for (const task of present) task.failed(error);
    }
    isRunning = tasks.length > 0;
    if (isRunning) setImmediate(runTasks);
  }

  async function prune(id: number, bounds: Parameters<LogStore['prune']>[0]): Promise<void> {
    for (const _ of pruneLines(files().database, bounds)) await nextTurn();
    answer(id, null);
  }

  function answer(id: number, result: unknown): void {
    tell({ id, result });
  }

  function refuse(id: number, error: unknown): void {
    tell({ id, error, code: error instanceof Database.SqliteError ? error.code : null });
  }

  return {
    receive({ id, question }) {
      try {
        receive(id, question);
      } catch (error) {
        refuse(id, error);
      }
    },
  };
}
