/**
 * What writes into the database, a bounded part at a time, so that a guest that says a lot keeps nobody waiting who says little: in each transaction every task that
 * waits has its share.
 */
import type Database from 'better-sqlite3';
import {
  type GuestOutput,
  type LogMark,
  levelOf,
  MAX_MESSAGE_BYTES,
  type NewLogLine,
} from '../../../domain/logs/log-line.ts';
import { type SplitLine, splitLines } from '../../../lib/split-lines.ts';
import type { CursorMove, KeptFrom } from '../../../ports/log-store.ts';
import { type KeptFilter, readKeptFrom } from './kept-from.ts';
import { createLineWriter } from './line-writer.ts';
import { transact } from './log-file.ts';
import { createNumberReserve } from './number-reserve.ts';

/** Lines of one transaction, about: some 10 ms. */
const LINES_AT_ONCE = 512;
/** Lines of one task in it at least. */
const LEAST_LINES = 32;
const LINE_FEED = 10;

/** What is to be done in one transaction or several of them. */
export interface WriteTask {
  /** Lines that a step may add though it is told fewer. */
  readonly mostLines: number;
  /** Does a part of it, of about so many lines; true: it is done, if the transaction is. */
  step(writing: Pick<LogWriting, 'add' | 'take'>, lineCount: number): boolean;
  /** Told once: with what has been done, or why not. */
  done(last: number): void;
  failed(error: unknown): void;
}

export interface LogWriting {
  add(lines: readonly NewLogLine[], cursor: CursorMove | null): boolean;
  /** Takes a part of it: returns the offset to go on from, and whether lines are left in it. */
  take(output: GuestOutput, lineCount: number): { readonly next: number; readonly isDone: boolean };
  cursor(key: string): number | null;
  cursors(prefix: string): readonly { readonly key: string; readonly position: number }[];
  dropCursors(keys: readonly string[]): void;
  last(): number;
  keptFrom(of: KeptFilter): KeptFrom;
  neverGiven(after: number, to: number): number;
  /** To be called before the file is closed. */
  release(): void;
  /** One transaction with a part of each task. Returns those that go on. */
  run(tasks: readonly WriteTask[]): readonly WriteTask[];
}

interface Cursor {
  readonly position: number;
  readonly is_inside: number;
}

export function createLogWriting(database: Database): LogWriting {
  const reserve = createNumberReserve(database);
  const writer = createLineWriter(database, reserve);
  const findCursor = database.prepare('SELECT position, is_inside FROM cursors WHERE key = ?');
  const setCursor = database.prepare('INSERT OR REPLACE INTO cursors VALUES (?, ?, ?)');
  const dropCursor = database.prepare('DELETE FROM cursors WHERE key = ?');

  const cursorOf = (key: string): Cursor | undefined => findCursor.all<Cursor>([key])[0];

  const writing: LogWriting = {
    add(lines, cursor) {
      if (cursor !== null) {
        const position = cursorOf(cursor.key)?.position;
        if ((position ?? -1) >= cursor.to) return false;
        if (cursor.from !== undefined && (position ?? 0) !== cursor.from) return false;
        setCursor.run([cursor.key, cursor.to, 0]);
      }
      writer.add(lines);
      return true;
    },
    take(output, lineCount) {
      const { position, is_inside } = cursorOf(output.key) ?? { position: 0, is_inside: 0 };
      const from = Math.max(position, output.offset);
      const bytes = output.bytes.subarray(Math.min(output.bytes.length, from - output.offset));
      const missing = from - position;
      if (missing > 0 && bytes.length > 0) writer.add([gapLine(output, missing)]);
      const split = splitLines(bytes, {
        isInside: is_inside === 1 && missing === 0,
        isEnd: output.isEnd,
        isPaused: output.isPaused === true,
        maxBytes: MAX_MESSAGE_BYTES,
        maxLines: lineCount,
      });
      const isOpen = split.taken === bytes.length && bytes.at(-1) !== LINE_FEED && !split.isInside;
      const isPartial = output.isPaused === true && isOpen;
      writer.add(
        split.lines.map((line, at) => toLine(output, line, { isPartial: isPartial && at === split.lines.length - 1 })),
      );
      const next = from + split.taken;
      if (bytes.length > 0 && (next > position || missing > 0))
        setCursor.run([output.key, next, split.isInside ? 1 : 0]);
      return { next, isDone: split.lines.length < lineCount };
    },
    cursor: (key) => cursorOf(key)?.position ?? null,
    cursors: (prefix) =>
      database
        .prepare('SELECT key, position FROM cursors WHERE substr(key, 1, ?) = ?')
        .all<{ readonly key: string; readonly position: number }>([prefix.length, prefix]),
    dropCursors(keys) {
      transact(database, () => {
        for (const key of keys) dropCursor.run([key]);
      });
    },
    keptFrom: (of) => readKeptFrom(database, of),
    last() {
      writer.begin();
      return writer.last;
    },
    neverGiven: reserve.neverGiven,
    release() {
      writer.begin();
      reserve.release(writer.last);
    },
    run(tasks) {
      const share = Math.max(LEAST_LINES, Math.ceil(LINES_AT_ONCE / tasks.length));
      const finished: WriteTask[] = [];
      writer.begin();
      reserve.reach(writer.last + mostLinesOf(tasks, share));
      transact(database, () => {
        for (const task of tasks) if (task.step(writing, share)) finished.push(task);
        writer.end();
      });
      for (const task of finished) task.done(writer.last);
      return tasks.filter((task) => !finished.includes(task));
    },
  };
  return writing;
}

function mostLinesOf(tasks: readonly WriteTask[], share: number): number {
  // Beside its share a step may tell of a gap.
  return tasks.reduce((sum, { mostLines }) => sum + Math.max(mostLines, share + 1), 0);
}

function toLine(
  output: GuestOutput,
  { text, isCut, isInvalid }: SplitLine,
  { isPartial }: { readonly isPartial: boolean },
): NewLogLine {
  const marks: LogMark[] = [];
  if (isCut) marks.push('truncated');
  if (isInvalid) marks.push('invalid_utf8');
  if (isPartial && !isCut) marks.push('partial');
  return { ...common(output), level: levelOf(text, output.source), message: text, marks };
}

function gapLine(output: GuestOutput, missing: number): NewLogLine {
  return {
    ...common(output),
    level: 'warn',
    message: `${missing} bytes of output are missing here: they came faster than they could be taken, or while nobody took them.`,
    fields: { missing_bytes: missing },
    marks: ['gap'],
  };
}

function common({ at, source, vmId, owner, executionId }: GuestOutput) {
  return { at, source, vmId, owner, executionId, operationId: null, fields: {} } as const;
}
