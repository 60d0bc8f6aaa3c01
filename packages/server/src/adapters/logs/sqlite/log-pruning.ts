import type Database from 'better-sqlite3';
import { noteDroppedBefore, type Subject } from './kept-from.ts';
import { BLOCK_LINES, transact, usedBytes } from './log-file.ts';
import { hasMuchToTidy, noteDropped, tidyWords } from './word-index.ts';

/** Lines dropped in one transaction: whoever writes meanwhile waits for some milliseconds. */
const LINES_AT_ONCE = 1_000;
/** What is dropped at once when all takes too much, as a part of the bound. */
const SPARE = 0.05;

/** Blocks with something old of which few lines may be. */
const FEW_BLOCKS = 4;
/** What a line takes, bytes: about. */
const LINE_BYTES = 256;

export interface Bounds {
  readonly beforeMs: number;
  readonly maxBytesPerVm: number;
  readonly maxBytes: number;
}

interface Doomed {
  readonly sequence: number;
  readonly at: number;
  readonly subject: number;
  readonly bytes: number;
}

/** Drops what is to go, a part with each step; each is a transaction of its own. */
export function* pruneLines(database: Database, bounds: Bounds): Generator<void> {
  const drop = createDropping(database);
  yield* dropOld(database, drop, bounds.beforeMs);
  yield* dropOfFullVms(database, drop, bounds.maxBytesPerVm);
  yield* tidyWords(database);
  yield* dropOldestOfAll(database, drop, bounds.maxBytes);
  database.exec(
    'DELETE FROM subjects WHERE bytes <= 0 AND NOT EXISTS (SELECT 1 FROM lines WHERE subject = subjects.id)',
  );
}

/** Whether pruning drops more than about so many lines, or rewrites a large index: then it holds up for tens of milliseconds whoever does it. */
export function isMuchToPrune(database: Database, bounds: Bounds, mostLines: number): boolean {
  const sumOf = (sql: string, values: readonly unknown[]): number =>
    database.prepare(sql).all<{ readonly sum: number | null }>(values)[0]?.sum ?? 0;
  if (usedBytes(database) > bounds.maxBytes || hasMuchToTidy(database, mostLines)) return true;
  const excess = sumOf("SELECT sum(bytes - ?) AS sum FROM subjects WHERE vm_id <> '' AND bytes > ?", [
    bounds.maxBytesPerVm,
    bounds.maxBytesPerVm,
  ]);
  if (excess > mostLines * LINE_BYTES) return true;
  const old = oldBlocks(database, bounds.beforeMs);
  if (old.length > FEW_BLOCKS) return true;
  const count = 'SELECT count(*) AS sum FROM lines WHERE sequence >= ? AND sequence < ? AND at < ?';
  const lines = old.map((block) => sumOf(count, [block * BLOCK_LINES, (block + 1) * BLOCK_LINES, bounds.beforeMs]));
  return lines.reduce((sum, each) => sum + each, 0) > mostLines;
}

/** Blocks in which there may be something older. */
function oldBlocks(database: Database, beforeMs: number): readonly number[] {
  return database
    .prepare('SELECT block FROM blocks WHERE min_at < ? ORDER BY block')
    .all<{ readonly block: number }>([beforeMs])
    .map(({ block }) => block);
}

const DOOMED =
  'SELECT sequence, at, subject, 64 + octet_length(message) + ifnull(octet_length(fields), 0) AS bytes FROM lines';

/** Drops lines: because of what one VM says, or null: whosever they are. */
type Drop = (doomed: readonly Doomed[], of: Subject | null) => void;

function createDropping(database: Database): Drop {
  const line = database.prepare('DELETE FROM lines WHERE sequence = ?');
  const bytes = database.prepare('UPDATE subjects SET bytes = max(0, bytes - ?) WHERE id = ?');
  return (doomed, of) =>
    transact(database, () => {
      const freed = new Map<number, number>();
      let [sequence, atMs] = [0, 0];
      for (const each of doomed) {
        line.run([each.sequence]);
        freed.set(each.subject, (freed.get(each.subject) ?? 0) + each.bytes);
        sequence = Math.max(sequence, each.sequence + 1);
        atMs = Math.max(atMs, each.at + 1);
      }
      for (const [subject, count] of freed) bytes.run([count, subject]);
      noteDroppedBefore(database, { sequence, atMs }, of);
      noteDropped(
        database,
        doomed.map((each) => each.sequence),
      );
    });
}

function* dropOld(database: Database, drop: Drop, beforeMs: number): Generator<void> {
  const old = oldBlocks(database, beforeMs);
  const find = database.prepare(`${DOOMED} WHERE sequence >= ? AND sequence < ? AND at < ? LIMIT ?`);
  const settle = database.prepare(
    `UPDATE blocks SET min_at = ifnull((SELECT min(at) FROM lines WHERE sequence >= ? AND sequence < ?), max_at + 1) WHERE block = ?`,
  );
  const forget = database.prepare('DELETE FROM blocks WHERE block = ? AND min_at > max_at AND block < ?');
  const [newest] = database.prepare('SELECT max(block) AS block FROM blocks').all<{ readonly block: number }>([]);
  for (const block of old) {
    const range = [block * BLOCK_LINES, (block + 1) * BLOCK_LINES];
    for (;;) {
      const doomed = find.all<Doomed>([...range, beforeMs, LINES_AT_ONCE]);
      if (doomed.length === 0) break;
      drop(doomed, null);
      yield;
    }
    settle.run([...range, block]);
    forget.run([block, newest?.block ?? 0]);
    yield;
  }
}

function* dropOfFullVms(database: Database, drop: Drop, maxBytes: number): Generator<void> {
  const full = database
    .prepare("SELECT id, bytes, vm_id AS vmId, owner FROM subjects WHERE vm_id <> '' AND bytes > ?")
    .all<Subject & { readonly id: number; readonly bytes: number }>([maxBytes]);
  const find = database.prepare(`${DOOMED} WHERE subject = ? ORDER BY sequence LIMIT ?`);
  for (const { id, bytes, ...subject } of full) {
    let excess = bytes - maxBytes;
    while (excess > 0) {
      const doomed = upTo(find.all<Doomed>([id, LINES_AT_ONCE]), excess);
      if (doomed.length === 0) break;
      drop(doomed, subject);
      excess -= doomed.reduce((sum, each) => sum + each.bytes, 0);
      yield;
    }
  }
}

/** No more of them than it takes. */
function upTo(doomed: readonly Doomed[], bytes: number): readonly Doomed[] {
  let sum = 0;
  const end = doomed.findIndex((each) => {
    sum += each.bytes;
    return sum >= bytes;
  });
  return end === -1 ? doomed : doomed.slice(0, end + 1);
}

function* dropOldestOfAll(database: Database, drop: Drop, maxBytes: number): Generator<void> {
  if (usedBytes(database) <= maxBytes) return;
  const find = database.prepare(`${DOOMED} ORDER BY sequence LIMIT ?`);
  while (usedBytes(database) > maxBytes * (1 - SPARE)) {
    const doomed = find.all<Doomed>([LINES_AT_ONCE]);
    if (doomed.length === 0) break;
    drop(doomed, null);
    // The index of what is dropped takes room until it goes as well.
    yield* tidyWords(database);
    yield;
  }
  // Blocks before the first line stand for nothing.
  database.prepare('DELETE FROM blocks WHERE block < (SELECT min(sequence) / ? FROM lines)').run([BLOCK_LINES]);
}
