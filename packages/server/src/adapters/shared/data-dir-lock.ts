import { closeSync, openSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { VolaryError } from '../../domain/errors.ts';
import { writeFileAtomically } from '../../lib/write-file-atomically.ts';
import { isDiskFull } from './disk-full.ts';

/** A data directory that is this process's alone until it is disposed of, or the process ends in whatever way. */
export interface DataDirLock extends Disposable {
  /** Lets another server in. Safe to repeat. */
  release(): void;
}

/**
 * Makes sure that one server at a time works on a data directory. Throws `failed_precondition` server.data_dir_in_use,
 * naming the other's pid, or config.data_dir if there can be no lock in that directory; `resource_exhausted` store.full.
 *
 * The lock is SQLite's on `server.lock`, an empty database of which a write transaction is begun and never ended. Node
 * has no `flock`, and this gives the same: a lock of the kernel's, which is gone with the process that held it, kill -9
 * included, which no child inherits, and which a pid that was given out again cannot resemble. `server.pid` is only what the
 * sentence is made from: it may be missing or stale, and nothing is decided by it.
 *
 * No other code may open `server.lock` in this process: closing any descriptor of a file ends the process's locks on it.
 */
export function lockDataDir(dataDir: string): DataDirLock {
  const lockPath = join(dataDir, 'server.lock');
  const pidPath = join(dataDir, 'server.pid');
  const database = openLockFile(lockPath);
  try {
    // A journal on the disk would take a block: whoever makes room on a full one holds the lock first.
    database.exec('PRAGMA journal_mode = MEMORY');
    database.exec('BEGIN IMMEDIATE');
    tellPid(pidPath);
  } catch (error) {
    database.close();
    throw isHeldByAnother(error) ? inUse(readPid(pidPath), error) : unusable(error, { path: lockPath });
  }

  function release(): void {
    if (!database.open) return;
    rmSync(pidPath, { force: true });
    database.close();
  }
  return { release, [Symbol.dispose]: release };
}

function openLockFile(path: string): Database {
  try {
    // Made here, so that nobody else can read it from its first moment on.
    closeSync(openSync(path, 'a', 0o600));
    return new Database(path, { timeout: 0 });
  } catch (error) {
    throw unusable(error, { path });
  }
}

function isHeldByAnother(error: unknown): boolean {
  return error instanceof Database.SqliteError && error.code.startsWith('SQLITE_BUSY');
}

/** On a full disk the sentence does without it. */
function tellPid(path: string): void {
  try {
    writeFileAtomically(path, `${process.pid}\n`, 0o600);
  } catch (error) {
    if (!isDiskFull(error)) throw error;
    rmSync(path, { force: true });
  }
}

function readPid(path: string): number | null {
  try {
    const pid = Number(readFileSync(path, 'utf8').trim());
    return Number.isSafeInteger(pid) && pid > 0 ? pid : null;
  } catch {
    // Not there yet, or no more: the sentence does without it.
    return null;
  }
}

function inUse(pid: number | null, cause: unknown): VolaryError {
  const who = pid === null ? 'Another server' : `Another server (pid ${pid})`;
  return new VolaryError(
    'failed_precondition',
    `${who} is using this data directory; stop it first, or give this one a directory of its own with --data-dir.`,
    { reason: 'server.data_dir_in_use', details: { pid }, cause },
  );
}

function unusable(cause: unknown, context: Readonly<Record<string, unknown>>): VolaryError {
  if (isDiskFull(cause)) {
    return new VolaryError(
      'resource_exhausted',
      'The disk that holds the data directory is full; free some space on it, and start the server again.',
      { reason: 'store.full', context, cause },
    );
  }
  return new VolaryError(
    'failed_precondition',
    'The data directory cannot be locked; it must be writable and on a file system that has locks.',
    { reason: 'config.data_dir', context, cause },
  );
}
