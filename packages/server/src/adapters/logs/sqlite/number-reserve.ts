/**
 * Keeps numbers from being given twice. A power loss may take the last commits, since they are synced only now and
 * then, and by that time readers have seen them. So numbers are reserved ahead, many at once, in a commit that is
 * synced, and whoever opens a file that was not closed goes on behind all that were reserved. Opening writes nothing,
 * so that a file can be read on a full disk: what was left out is noted with the first lines that come after it.
 */
import type Database from 'better-sqlite3';
import { transact } from './log-file.ts';

/** Numbers that are reserved at once: as many are left out at most where the file was not closed. */
export const RESERVED_NUMBERS = 65_536;
/** Under this key of `cursors` is the last number that may have been given; without it, it is that of `numbers`. */
const KEY = 'numbers:reserved';
/** Under this and the last number of a range that was left out stands the number before it. */
const SKIPPED = 'numbers:skipped:';
/** Ranges that are remembered: a server that crashes again and again must not fill its file with them. */
const MOST_SKIPPED = 1_000;

export interface NumberReserve {
  /** The numbers up to this one may have been given before the file was opened; 0: it was closed. */
  readonly floor: number;
  /** To be called before any number up to this one is given, outside of a transaction. Waits for the disk at times. */
  reach(number: number): void;
  /** Notes that the numbers after this one up to the floor were given to no line. To be called in the transaction that goes on behind them. */
  noteSkipped(after: number): void;
  /** How many numbers after one and up to another were left out. */
  neverGiven(after: number, to: number): number;
  /** To be called before the file is closed, with the last number: none of what was reserved above the floor is left out then. */
  release(last: number): void;
}

export function createNumberReserve(database: Database): NumberReserve {
  const find = database.prepare('SELECT position FROM cursors WHERE key = ?');
  const note = database.prepare('INSERT OR REPLACE INTO cursors VALUES (?, ?, 0)');
  const lower = database.prepare('UPDATE cursors SET position = ? WHERE key = ? AND position > ?');
  const drop = database.prepare('DELETE FROM cursors WHERE key = ?');
  const forget = database.prepare(
    `DELETE FROM cursors WHERE key IN (SELECT key FROM cursors WHERE key >= '${SKIPPED}' AND key < 'numbers:skipped;'
     ORDER BY position DESC LIMIT -1 OFFSET ${MOST_SKIPPED})`,
  );
  const findSkipped = database.prepare(
    `SELECT key, position FROM cursors WHERE key >= '${SKIPPED}' AND key < 'numbers:skipped;'`,
  );
  const findLast = database.prepare('SELECT last FROM numbers');
  const floor = find.all<{ readonly position: number }>([KEY])[0]?.position ?? 0;
  let reserved = 0;
  return {
    floor,
    reach(number) {
      if (number <= reserved) return;
      const next = number + RESERVED_NUMBERS;
      database.exec('PRAGMA synchronous = FULL');
      try {
        transact(database, () => note.run([KEY, next]));
      } finally {
        database.exec('PRAGMA synchronous = NORMAL');
      }
      reserved = next;
    },
    noteSkipped(after) {
      note.run([`${SKIPPED}${floor}`, after]);
      forget.run([]);
    },
    neverGiven(after, to) {
      const skipped = findSkipped
        .all<{ readonly key: string; readonly position: number }>([])
        .map(({ key, position }) => ({ after: position, to: Number(key.slice(SKIPPED.length)) }));
      const last = findLast.all<{ readonly last: number }>([])[0]?.last ?? 0;
      return [...skipped, { after: last, to: floor }].reduce(
        (sum, range) => sum + Math.max(0, Math.min(to, range.to) - Math.max(after, range.after)),
        0,
      );
    },
    release(last) {
      // While no line has come, the floor is known from here alone.
      if (last > floor) drop.run([KEY]);
      else lower.run([floor, KEY, floor]);
    },
  };
}
