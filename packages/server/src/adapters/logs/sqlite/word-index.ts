/**
 * Indexes of words, one for each 65,536 sequences. To take a line out of one costs more than to put it in, so nothing is taken out: what finds a line looks
 * whether it is still there, an index all of whose lines are gone goes as a whole, and one that has become mostly stale is made anew.
 */
import type Database from 'better-sqlite3';
import { BLOCK_LINES, transact } from './log-file.ts';

/** Sequences of one index; a whole number of blocks. */
export const SEGMENT_LINES = 64 * BLOCK_LINES;
/** One of which so much is stale is made anew: what is left of it takes a tenth of a second at most. */
const STALE_PART = 0.75;
/** Less than this is not worth it. */
const STALE_LINES = 4_096;

interface Segment {
  readonly segment: number;
  readonly lines: number;
  readonly dropped: number;
}

/** The index's name, which is also what its lines are matched by. */
export function wordsTable(segment: number): string {
  return `words_${segment}`;
}

export function segmentOf(sequence: number): number {
  return Math.floor(sequence / SEGMENT_LINES);
}

/** Indexes lines within transactions of the caller's. */
export function createWordIndex(database: Database): { add(first: number, last: number): void } {
  const note = database.prepare(
    `INSERT INTO segments VALUES (?, ?, 0) ON CONFLICT DO UPDATE SET lines = lines + excluded.lines RETURNING lines`,
  );
  return {
    /** All lines from one sequence to another, which have none yet. */
    add(first, last) {
      for (let segment = segmentOf(first); segment <= segmentOf(last); segment++) {
        const from = Math.max(first, segment * SEGMENT_LINES);
        const to = Math.min(last, (segment + 1) * SEGMENT_LINES - 1);
        const count = to - from + 1;
        const [row] = note.all<{ readonly lines: number }>([segment, count]);
        if (row?.lines === count) create(database, segment);
        index(database, segment, [from, to]);
      }
    },
  };
}

/** Notes within a transaction that lines are no more. */
export function noteDropped(database: Database, sequences: readonly number[]): void {
  const counts = new Map<number, number>();
  for (const sequence of sequences) {
    const segment = segmentOf(sequence);
    counts.set(segment, (counts.get(segment) ?? 0) + 1);
  }
  const note = database.prepare('UPDATE segments SET dropped = dropped + ? WHERE segment = ?');
  for (const [segment, count] of counts) note.run([count, segment]);
}

const STALE = 'dropped >= lines OR (dropped >= ? AND dropped >= lines * ?)';

/** Drops indexes all of whose lines are gone, and makes those anew of which most are: one in each step, a transaction of its own. */
export function* tidyWords(database: Database): Generator<void> {
  const stale = database
    .prepare(`SELECT segment FROM segments WHERE ${STALE} ORDER BY segment`)
    .all<Pick<Segment, 'segment'>>([STALE_LINES, STALE_PART]);
  for (const { segment } of stale) {
    transact(database, () => tidy(database, segment));
    yield;
  }
}

/** Whether tidying is much work, now or when so many lines more have been dropped. */
export function hasMuchToTidy(database: Database, lineCount: number): boolean {
  const found = database.prepare(
    `SELECT 1 FROM (SELECT lines, dropped + ? AS dropped FROM segments WHERE lines >= ?) WHERE ${STALE} LIMIT 1`,
  );
  return found.all([lineCount, STALE_LINES, STALE_LINES, STALE_PART]).length > 0;
}

/** Looks again within the transaction: lines may have come into the segment since it was found to be stale. */
function tidy(database: Database, segment: number): void {
  const [stale] = database
    .prepare(`SELECT * FROM segments WHERE segment = ? AND (${STALE})`)
    .all<Segment>([segment, STALE_LINES, STALE_PART]);
  if (stale === undefined) return;
  database.exec(`DROP TABLE ${wordsTable(segment)}`);
  const left = stale.lines - stale.dropped;
  if (left <= 0) database.prepare('DELETE FROM segments WHERE segment = ?').run([segment]);
  else makeAnew(database, segment, left);
}

function makeAnew(database: Database, segment: number, left: number): void {
  create(database, segment);
  index(database, segment, [segment * SEGMENT_LINES, (segment + 1) * SEGMENT_LINES - 1]);
  database.prepare('UPDATE segments SET lines = ?, dropped = 0 WHERE segment = ?').run([left, segment]);
}

function create(database: Database, segment: number): void {
  database.exec(
    `CREATE VIRTUAL TABLE ${wordsTable(segment)} USING fts5(subject, message, content='', tokenize='unicode61')`,
  );
}

/** One statement for all: SQLite reads the lines that it has just been given from its cache. */
function index(database: Database, segment: number, range: readonly [first: number, last: number]): void {
  database
    .prepare(
      `INSERT INTO ${wordsTable(segment)} (rowid, subject, message)
       SELECT sequence, 's' || subject, message FROM lines WHERE sequence BETWEEN ? AND ?`,
    )
    .run([...range]);
}
