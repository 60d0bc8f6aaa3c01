/**
 * Keeps numbers from being given twice. A power loss may take the last commits, since they are synced only now and
 * then, and by that time readers have seen them. So numbers are reserved ahead, many at once, in a commit that is
 * synced, and whoever opens a file that was not closed goes on behind all that were reserved.
 */
import type Database from 'better-sqlite3';
import { transact } from './log-file.ts';

/** Numbers that are reserved at once: as many are left out at most where the file was not closed. */
export const RESERVED_NUMBERS = 65_536;
/** Under this key of `cursors` is the last number that may have been given; without it, it is that of `numbers`. */
const KEY = 'numbers:reserved';

export interface NumberReserve {
  /** To be called before any number up to this one is given, outside of a transaction. Waits for the disk at times. */
  reach(number: number): void;
}

export function createNumberReserve(database: Database): NumberReserve {
  const note = database.prepare('INSERT OR REPLACE INTO cursors VALUES (?, ?, 0)');
  let reserved = 0;
  return {
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
  };
}

/** To be called when the file is opened for writing. Writes nothing to one that was closed: that may be on a full disk. */
export function skipReserved(database: Database): void {
  const find = database.prepare('SELECT position FROM cursors WHERE key = ?');
  const [reserved] = find.all<{ readonly position: number }>([KEY]);
  if (reserved !== undefined) database.prepare('UPDATE numbers SET last = max(last, ?)').run([reserved.position]);
}

/** To be called before the file is closed: none of what was reserved is left out then. */
export function releaseReserved(database: Database): void {
  database.prepare('DELETE FROM cursors WHERE key = ?').run([KEY]);
}
