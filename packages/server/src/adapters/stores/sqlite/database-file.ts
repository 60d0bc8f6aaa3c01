import { chmodSync, closeSync, fsyncSync, openSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import Database from 'better-sqlite3';
import { syncDirectory } from '../../../lib/write-file-atomically.ts';

/** Write-ahead log kept between checkpoints at most; it grows past this only while it is needed. Bytes. */
const WAL_BYTES = 64 * 1024 * 1024;
/** Pages kept by each connection; the operating system keeps the file itself. KiB. */
const CACHE_KIB = 4096;

/**
 * Opens the database for writing; it is made, readable by its owner alone, unless it is there. SQLite gives the files beside it
 * (`-wal`, `-shm`) the same mode. Throws what SQLite throws.
 */
export function openWriter(path: string, options: { readonly timeoutMs: number }): Database {
  makeFile(path);
  const database = new Database(path, { timeout: options.timeoutMs });
  try {
    // Readers see the last commit while somebody writes, and a commit is one append to a file.
    database.exec('PRAGMA journal_mode = WAL');
    // A commit is in the kernel's hands before it is answered, so the end of this process loses nothing. It is synced to
    // the disk with the next checkpoint: a power cut may take the last commits, whole and in order, and damages nothing.
    // FULL would sync at each commit, on this thread; the machines that the rows tell of do not survive a power cut either.
    database.exec('PRAGMA synchronous = NORMAL');
    // What is overwritten or deleted is zeroed where the page is written anyway: a value that is sealed or dropped does not lie on in gaps.
    database.exec('PRAGMA secure_delete = FAST');
    database.exec(`PRAGMA journal_size_limit = ${WAL_BYTES}`);
    tune(database);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** A second connection, which only reads. The writer must be open. */
export function openReader(path: string, options: { readonly timeoutMs: number }): Database {
  const database = new Database(path, { readonly: true, fileMustExist: true, timeout: options.timeoutMs });
  tune(database);
  return database;
}

/**
 * A copy of the whole database beside it, named after what it holds, complete or not there at all. Replaces one of the same
 * name: it is from an attempt that came to nothing.
 */
export function copyDatabase(database: Database, target: string): void {
  const temporary = `${target}.tmp`;
  rmSync(temporary, { force: true });
  try {
    makeFile(temporary);
    database.prepare('VACUUM INTO ?').run([temporary]);
    syncFile(temporary);
    renameSync(temporary, target);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
  syncDirectory(dirname(target));
}

function tune(database: Database): void {
  database.exec(`PRAGMA cache_size = -${CACHE_KIB}`);
  database.exec('PRAGMA temp_store = MEMORY');
}

/**
 * Never opens a file that is there: closing any descriptor of a file ends this process's locks on it, those of another
 * connection included.
 */
function makeFile(path: string): void {
  try {
    closeSync(openSync(path, 'ax', 0o600));
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
  chmodSync(path, 0o600);
}

function syncFile(path: string): void {
  const file = openSync(path, 'r');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
