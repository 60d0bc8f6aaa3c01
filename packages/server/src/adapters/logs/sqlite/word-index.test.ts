import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type Database from 'better-sqlite3';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { LogQuery } from '../../../domain/logs/log-query.ts';
import { line, OTHER, VM } from '../../../ports/log-store.contract.ts';
import { openLogFile } from './log-file.ts';
import { pruneLines } from './log-pruning.ts';
import { createLogReading } from './log-reading.ts';
import { createLogWriting, type LogWriting } from './log-writing.ts';
import { SEGMENT_LINES } from './word-index.ts';

const UNBOUNDED = { beforeMs: 0, maxBytesPerVm: Number.MAX_SAFE_INTEGER, maxBytes: Number.MAX_SAFE_INTEGER };
let directory: string;
let database: Database;
let writing: LogWriting;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'volary-words-'));
  database = openLogFile(join(directory, 'logs.db'));
  writing = createLogWriting(database);
});
afterEach(() => {
  database.close();
  rmSync(directory, { recursive: true });
});

/** The next line is the first but so many of a segment. */
function goTo(linesBefore: number): void {
  const segment = 1_000_000;
  database.prepare('UPDATE numbers SET last = ?').run([segment * SEGMENT_LINES - linesBefore - 1]);
}

function write(count: number, message: (at: number) => string, vmId = VM): void {
  const lines = Array.from({ length: count }, (_, at) => line(message(at), { at, vmId }));
  writing.run([
    {
      mostLines: count,
      step: () => writing.add(lines, null),
      done: () => undefined,
      failed: (error) => {
        throw error;
      },
    },
  ]);
}

function prune(bounds: Partial<typeof UNBOUNDED>): void {
  for (const _ of pruneLines(database, { ...UNBOUNDED, ...bounds }));
}

function found(word: string, other: Partial<LogQuery> = {}): readonly string[] {
  const query = { direction: 'forward', from: null, limit: 1_000, phrases: [[word]], ...other } as const;
  return createLogReading(database)
    .read(query)
    .lines.map(({ message }) => message);
}

function indexes(): number {
  const [row] = database
    .prepare("SELECT count(*) AS count FROM sqlite_schema WHERE sql LIKE 'CREATE VIRTUAL TABLE words!_%' ESCAPE '!'")
    .all<{ readonly count: number }>([]);
  return row?.count ?? 0;
}

it('finds what one transaction put into two indexes, in both directions and page by page', () => {
  goTo(3);
  write(6, (at) => `bird ${at}`);

  expect(indexes()).toBe(2);
  expect(found('bird')).toEqual([0, 1, 2, 3, 4, 5].map((at) => `bird ${at}`));
  expect(found('bird', { direction: 'backward', limit: 4 })).toEqual([5, 4, 3, 2].map((at) => `bird ${at}`));
  const [, , third] = createLogReading(database).read({ direction: 'forward', from: null, limit: 3 }).lines;
  expect(found('bird', { from: third?.sequence ?? 0 })).toEqual(['bird 3', 'bird 4', 'bird 5']);
});

it('drops an index with the last of its lines, and goes on in the same segment', () => {
  goTo(3);
  write(6, (at) => `bird ${at}`);
  prune({ beforeMs: 3 });
  expect([indexes(), found('bird')]).toEqual([1, ['bird 3', 'bird 4', 'bird 5']]);

  prune({ beforeMs: 6 });
  expect([indexes(), found('bird')]).toEqual([0, []]);

  write(1, () => 'bird of later');
  expect([indexes(), found('bird')]).toEqual([1, ['bird of later']]);
});

it('finds nothing that was dropped, though its words are still indexed', () => {
  write(10, (at) => `bird ${at}`);
  prune({ beforeMs: 4 });

  expect(indexes()).toBe(1);
  expect(found('bird')).toEqual([4, 5, 6, 7, 8, 9].map((at) => `bird ${at}`));
  expect(found('2')).toEqual([]);
});

it('makes an index anew that is mostly of lines that are gone, and finds all that is left, and what comes', () => {
  goTo(SEGMENT_LINES - 1);
  write(20, (at) => `kept ${at}`, OTHER);
  write(6_000, (at) => `flood ${at} ${'x'.repeat(100)}`);
  const words = () => database.prepare('SELECT lines, dropped FROM segments').all([]);
  expect(words()).toEqual([{ lines: 6_020, dropped: 0 }]);

  prune({ maxBytesPerVm: 50_000 });
  write(5, (at) => `kept later ${at}`, OTHER);

  const left = found('flood');
  expect(left.at(-1)).toMatch(/^flood 5999 /);
  expect(words()).toEqual([{ lines: left.length + 25, dropped: 0 }]);
  expect(found('kept')).toHaveLength(25);
  expect(found('kept', { vmId: OTHER })).toHaveLength(25);
});

it('loses no word of what comes into a segment between finding it stale and tidying it', () => {
  goTo(5_000);
  write(11_000, (at) => `flood ${at} ${'x'.repeat(80)}`);
  const pruning = pruneLines(database, { ...UNBOUNDED, maxBytesPerVm: 1 });
  // The index of the older segment is gone, that of the newer one was found to be stale and is still there.
  while (indexes() > 1) expect(pruning.next().done).toBe(false);
  write(100, (at) => `needle ${at}`, OTHER);
  for (const _ of pruning);

  expect(found('needle')).toHaveLength(100);
  expect(found('flood')).toEqual([]);

  write(5_000, (at) => `flood ${at} ${'x'.repeat(80)}`);
  prune({ maxBytesPerVm: 100_000 });
  expect(found('needle')).toHaveLength(100);
});
