/** Lines in a file of their own: they are written all the time, and may be lost without harm. */
import type { VmId } from '../../../domain/ids.ts';
import type { LogQuery } from '../../../domain/logs/log-query.ts';
import type { Log } from '../../../ports/log.ts';
import type { KeptFrom, KeptPage, LogStore } from '../../../ports/log-store.ts';
import type { Checkpoints } from '../../shared/checkpoints.ts';
import { startHere, startHereFirst, startWorker } from './log-places.ts';
import type { DamagedFile, LogQuestion } from './log-service.ts';
import { createLogThread, type LogThread } from './log-thread.ts';
import { createTurns } from './turns.ts';

/** Where it is worked on: in this thread, for tests that start hundreds of servers; in one of its own; or in that from when there is much to write. */
export type LogWriter = 'here' | 'thread' | 'here-first';

export interface SqliteLogsOptions {
  readonly log: Log;
  readonly writer?: LogWriter;
  /** Move what this thread writes into the file, in another one; absent: whoever writes does. */
  readonly checkpoints?: Checkpoints | null;
}

/** How long nobody asks before the thread that reads ends: it takes some 15 MiB, and a tenth of a second to begin. */
const IDLE_MS = 30_000;

/**
 * Two threads have the file, one that writes, once there is much to write, and one that reads, once somebody does, for what either does would keep all requests waiting. A file that is
 * damaged, or of another version, is put aside or dropped and begun anew. What is about `log` itself must not be in it: that would come here again.
 */
export function openSqliteLogs(
  path: string,
  { log, writer: kind = 'here-first', checkpoints = null }: SqliteLogsOptions,
): LogStore {
  const writers = { here: startHere, thread: startWorker, 'here-first': startHereFirst(checkpoints) };
  const damaged = (error: unknown): void =>
    log.error('the logs are damaged: they are put aside and begun anew', { error });
  const writer = createLogThread({ path, isWriter: true, start: writers[kind] }, damaged);
  const reader =
    kind === 'here'
      ? createLogThread({ path, isWriter: false, start: startHere }, damaged)
      : createLogThread({ path, isWriter: false, start: startWorker, idleMs: IDLE_MS }, damaged);
  // The thread has one page to make at a time: what waited there could be neither taken back nor put in another order.
  const turns = createTurns();
  let made: Promise<unknown> | null = null;
  /** All lines up to this number were written when it was answered. */
  let last = 0;

  /** Only who writes makes the file. */
  async function whenMade(): Promise<void> {
    made ??= askLast();
    try {
      await made;
    } catch (error) {
      made = null;
      throw error;
    }
  }

  async function askLast(): Promise<number> {
    last = await ask(writer, { kind: 'last' }, isNumber);
    return last;
  }

  /**
   * A page to the end has come past the numbers that a crash left out. The file may not say that they are, since
   * opening it writes nothing; who waits for the last number would never come to it.
   */
  async function readPage(query: LogQuery): Promise<KeptPage> {
    await whenMade();
    const written = last;
    const page = await askReader({ kind: 'read', query }, isPage);
    if (query.direction === 'backward' || !page.isAtEnd || page.reached >= written) return page;
    return { ...page, reached: written };
  }

  /** What who reads finds damaged is put aside by who writes; then there is another file. */
  async function askReader<T>(question: LogQuestion, isAnswer: (answer: unknown) => answer is T): Promise<T> {
    await whenMade();
    const answer = await reader.ask(question);
    if (isAnswer(answer)) return answer;
    if (isDamagedFile(answer)) await writer.ask({ kind: 'putAside', fileId: answer.damagedFileId });
    return await ask(reader, question, isAnswer);
  }

  return {
    async append(lines, cursor) {
      last = await ask(writer, { kind: 'append', lines, cursor: cursor ?? null }, isNumber);
      return last;
    },
    async appendOutput(output) {
      const taken = await ask(writer, { kind: 'appendOutput', output }, isTaken);
      last = taken.last;
      return taken;
    },
    cursor: (key) => ask(writer, { kind: 'cursor', key }, isNumberOrNull),
    cursors: (prefix) => ask(writer, { kind: 'cursors', prefix }, isCursors),
    async dropCursors(keys) {
      await writer.ask({ kind: 'dropCursors', keys });
    },
    last: askLast,
    neverGiven: (after, to) => ask(writer, { kind: 'neverGiven', after, to }, isNumber),
    keptFrom: (of = {}) => ask(writer, { kind: 'keptFrom', of }, isKeptFrom),
    async prune(bounds) {
      await writer.ask({ kind: 'prune', bounds });
    },
    // A page that has been begun is made to its end, which is not far, though nobody waits for it any more.
    read: (query, { signal, reader: who = '' }) => turns.take(who, signal, () => readPage(query)),
    vms: () => askReader({ kind: 'vms' }, isIds),
    usage: () => askReader({ kind: 'usage' }, isUsage),
    async [Symbol.asyncDispose]() {
      await reader[Symbol.asyncDispose]();
      await writer[Symbol.asyncDispose]();
    },
  };
}

/** What a thread of our own answers is looked at to tell which answer it is, and not checked to its depth. */
async function ask<T>(
  thread: LogThread,
  question: LogQuestion,
  isAnswer: (answer: unknown) => answer is T,
): Promise<T> {
  const answer = await thread.ask(question);
  if (isAnswer(answer)) return answer;
  throw new TypeError('the thread of the logs gave another answer');
}

function isNumber(answer: unknown): answer is number {
  return typeof answer === 'number';
}

function isNumberOrNull(answer: unknown): answer is number | null {
  return answer === null || isNumber(answer);
}

function isTaken(answer: unknown): answer is { readonly next: number; readonly last: number } {
  return typeof answer === 'object' && answer !== null && 'next' in answer && 'last' in answer;
}

function isCursors(answer: unknown): answer is readonly { readonly key: string; readonly position: number }[] {
  return Array.isArray(answer);
}

function isKeptFrom(answer: unknown): answer is KeptFrom {
  return typeof answer === 'object' && answer !== null && 'sequence' in answer && 'atMs' in answer;
}

function isPage(answer: unknown): answer is KeptPage {
  return typeof answer === 'object' && answer !== null && 'lines' in answer && 'reached' in answer;
}

function isUsage(answer: unknown): answer is { readonly bytes: number; readonly oldestAt: number | null } {
  return typeof answer === 'object' && answer !== null && 'bytes' in answer && 'oldestAt' in answer;
}

function isDamagedFile(answer: unknown): answer is DamagedFile {
  return typeof answer === 'object' && answer !== null && 'damagedFileId' in answer;
}

function isIds(answer: unknown): answer is readonly VmId[] {
  return Array.isArray(answer);
}
