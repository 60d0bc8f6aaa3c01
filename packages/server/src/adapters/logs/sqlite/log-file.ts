/**
 * The database of lines.
 *
 *   lines      one row each, by sequence            subjects   whose they are: a VM and its owner, with what they take
 *   words_N    indexes of their words (FTS5)        blocks     of each 1,024 sequences, from when to when they are
 *   segments   of each such index, what it has
 *   cursors    how far each source has been taken   numbers    the last sequence that was given
 *
 * Among the cursors are also from where on nothing has been dropped (`kept-from.ts`), and which numbers may have been
 * given (`number-reserve.ts`).
 */
import { rmSync } from 'node:fs';
import Database from 'better-sqlite3';
import type { KeptFrom } from '../../../ports/log-store.ts';
import { removeBeside } from '../../shared/expendable-database.ts';

/** Changes with the tables: what another program wrote is not read. */
const VERSION = 2;
/** Sequences of one block. */
export const BLOCK_LINES = 1_024;

/** Under these keys of `cursors` are the sequence and the moment, milliseconds, from which on nothing has been dropped. Files that were made before have none until something is. */
export const KEPT_FROM = { sequence: 'kept-from:sequence', atMs: 'kept-from:at' } as const;

const TABLES = `
CREATE TABLE subjects (id INTEGER PRIMARY KEY, vm_id TEXT NOT NULL, owner TEXT NOT NULL,
  bytes INTEGER NOT NULL DEFAULT 0, UNIQUE (vm_id, owner));
CREATE TABLE lines (sequence INTEGER PRIMARY KEY, at INTEGER NOT NULL, level INTEGER NOT NULL, source INTEGER NOT NULL,
  marks INTEGER NOT NULL, subject INTEGER NOT NULL, operation_id TEXT, execution_id TEXT, message TEXT NOT NULL, fields TEXT);
CREATE INDEX lines_of_subject ON lines (subject);
CREATE INDEX lines_of_operation ON lines (operation_id) WHERE operation_id IS NOT NULL;
CREATE TABLE segments (segment INTEGER PRIMARY KEY, lines INTEGER NOT NULL, dropped INTEGER NOT NULL);
CREATE TABLE blocks (block INTEGER PRIMARY KEY, min_at INTEGER NOT NULL, max_at INTEGER NOT NULL);
CREATE TABLE cursors (key TEXT PRIMARY KEY, position INTEGER NOT NULL, is_inside INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE numbers (last INTEGER NOT NULL)`;

/**
 * Sequences of a database begin after all that one which was made before can have given, as long as fewer than 64 lines each millisecond come in
 * its whole life: whoever goes on after a line that is lost with its database still gets what comes.
 */
const SEQUENCES_PER_MS = 64;

/** Opens the database, and makes it where there is none; one of another version is dropped. Throws SqliteError. */
export function openLogFile(path: string): Database {
  let database = new Database(path);
  try {
    const version = database.pragma('user_version', { simple: true });
    if (version !== VERSION && version !== 0) {
      database.close();
      rmSync(path, { force: true });
      removeBeside(path);
      database = new Database(path);
    }
    database.exec('PRAGMA journal_mode = WAL');
    database.exec('PRAGMA synchronous = NORMAL');
    database.exec('PRAGMA journal_size_limit = 16777216');
    database.exec('PRAGMA wal_autocheckpoint = 4000');
    database.exec('PRAGMA cache_size = -16384');
    if (version !== VERSION) make(database);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** For looking only; the file has to be there, as `openLogFile` has made it. */
export function openForReading(path: string): Database {
  const database = new Database(path, { readonly: true, fileMustExist: true });
  database.exec('PRAGMA cache_size = -8192');
  return database;
}

function make(database: Database): void {
  const nowMs = Date.now();
  const last = nowMs * SEQUENCES_PER_MS;
  transact(database, () => {
    database.exec(TABLES);
    database.prepare('INSERT INTO numbers (last) VALUES (?)').run([last]);
    // What was there before this file is not in it.
    raiseKeptFrom(database, { sequence: last + 1, atMs: nowMs });
    database.exec(`PRAGMA user_version = ${VERSION}`);
  });
}

/** The first sequence, and the first moment, after those of what was dropped. */
export type Dropped = Pick<KeptFrom, 'sequence' | 'atMs'>;

/** Notes that something has been dropped which came before this. To be called in the transaction that drops it. */
export function raiseKeptFrom(database: Database, { sequence, atMs }: Dropped): void {
  const raise = database.prepare(
    'INSERT INTO cursors VALUES (?, ?, 0) ON CONFLICT DO UPDATE SET position = max(position, excluded.position)',
  );
  raise.run([KEPT_FROM.sequence, sequence]);
  raise.run([KEPT_FROM.atMs, atMs]);
}

/** All that `work` does, or nothing. */
export function transact<T>(database: Database, work: () => T): T {
  database.exec('BEGIN IMMEDIATE');
  try {
    const result = work();
    database.exec('COMMIT');
    return result;
  } catch (error) {
    // Some errors, such as a full disk, have rolled back by themselves.
    if (database.inTransaction) database.exec('ROLLBACK');
    throw error;
  }
}

/** What the file has in use, bytes. */
export function usedBytes(database: Database): number {
  const figure = (name: string): number => Number(database.pragma(name, { simple: true }));
  return (figure('page_count') - figure('freelist_count')) * figure('page_size');
}
