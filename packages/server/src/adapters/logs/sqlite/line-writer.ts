import type Database from 'better-sqlite3';
import { LOG_LEVELS, LOG_MARKS, LOG_SOURCES, type NewLogLine } from '../../../domain/logs/log-line.ts';
import { BLOCK_LINES } from './log-file.ts';
import type { NumberReserve } from './number-reserve.ts';
import { createWordIndex } from './word-index.ts';

/** What a row takes besides its texts, index of words included, bytes: about. */
const ROW_BYTES = 64;

/** Writes lines within transactions of the caller's. */
export interface LineWriter {
  /** Forgets what a transaction that was rolled back has done, and reads where things stand. To be called before each, by the only one who writes. */
  begin(): void;
  add(lines: readonly NewLogLine[]): void;
  /** Writes what belongs to all that was added. To be called before each commit. */
  end(): void;
  /** The sequence that was given last, or the floor of the reserve where that is above it. */
  readonly last: number;
}

interface Subject {
  readonly id: number;
  addedBytes: number;
}

export function createLineWriter(
  database: Database,
  reserve: Pick<NumberReserve, 'floor' | 'noteSkipped'>,
): LineWriter {
  const readLast = database.prepare('SELECT last FROM numbers');
  const writeLast = database.prepare('UPDATE numbers SET last = ?');
  const insert = database.prepare('INSERT INTO lines VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)');
  const words = createWordIndex(database);
  const noteBlock = database.prepare(
    `INSERT INTO blocks VALUES (?, ?, ?) ON CONFLICT DO UPDATE
     SET min_at = min(min_at, excluded.min_at), max_at = max(max_at, excluded.max_at)`,
  );
  const makeSubject = database.prepare(
    'INSERT INTO subjects (vm_id, owner) VALUES (?, ?) ON CONFLICT DO UPDATE SET bytes = bytes RETURNING id',
  );
  const addBytes = database.prepare('UPDATE subjects SET bytes = bytes + ? WHERE id = ?');
  const subjects = new Map<string, Subject>();
  const blocks = new Map<number, { minAt: number; maxAt: number }>();
  /** The number that the file has noted as the last one. */
  let written = 0;
  let first = 0;
  let last = 0;

  function subjectOf({ vmId, owner }: NewLogLine): Subject {
    const key = `${vmId ?? ''}\n${owner ?? ''}`;
    const known = subjects.get(key);
    if (known !== undefined) return known;
    const [row] = makeSubject.all<{ readonly id: number }>([vmId ?? '', owner ?? '']);
    const subject = { id: row?.id ?? 0, addedBytes: 0 };
    subjects.set(key, subject);
    return subject;
  }

  function addLine(line: NewLogLine): void {
    const subject = subjectOf(line);
    const fields = Object.keys(line.fields).length === 0 ? null : JSON.stringify(line.fields);
    last += 1;
    insert.run([
      ...[last, line.at, LOG_LEVELS.indexOf(line.level), LOG_SOURCES.indexOf(line.source), bitsOf(line), subject.id],
      ...[line.operationId, line.executionId, line.message, fields],
    ]);
    subject.addedBytes += ROW_BYTES + Buffer.byteLength(line.message) + (fields?.length ?? 0);
    const number = Math.floor(last / BLOCK_LINES);
    const block = blocks.get(number);
    if (block === undefined) blocks.set(number, { minAt: line.at, maxAt: line.at });
    else {
      block.minAt = Math.min(block.minAt, line.at);
      block.maxAt = Math.max(block.maxAt, line.at);
    }
  }

  return {
    begin() {
      subjects.clear();
      blocks.clear();
      const [row] = readLast.all<{ readonly last: number }>([]);
      written = row?.last ?? 0;
      last = Math.max(written, reserve.floor);
      first = last;
    },
    add(lines) {
      for (const line of lines) addLine(line);
    },
    end() {
      if (last === first) return;
      if (first > written) reserve.noteSkipped(written);
      words.add(first + 1, last);
      writeLast.run([last]);
      for (const [block, { minAt, maxAt }] of blocks) noteBlock.run([block, minAt, maxAt]);
      for (const { id, addedBytes } of subjects.values()) addBytes.run([addedBytes, id]);
    },
    get last() {
      return last;
    },
  };
}

function bitsOf({ marks }: NewLogLine): number {
  return marks.reduce((bits, mark) => bits | (1 << LOG_MARKS.indexOf(mark)), 0);
}
