import { setTimeout as sleep } from 'node:timers/promises';
import Database from 'better-sqlite3';

/** How often a lock that another process holds is tried, milliseconds. */
const RETRY_MS = 250;

/**
 * Waits until this process alone may build into a directory. The lock is one of the kernel's on a small SQLite file, so that it
 * is gone with the process that held it, however that ended. Throws the signal's reason.
 */
export async function acquireBuildLock(
  path: string,
  { signal }: { readonly signal: AbortSignal },
): Promise<Disposable> {
  const database = new Database(path, { timeout: 0 });
  try {
    for (;;) {
      signal.throwIfAborted();
      if (tryLock(database)) return { [Symbol.dispose]: () => database.close() };
      await sleep(RETRY_MS, undefined, { signal }).catch(() => signal.throwIfAborted());
    }
  } catch (error) {
    database.close();
    throw error;
  }
}

function tryLock(database: Database): boolean {
  try {
    database.exec('BEGIN EXCLUSIVE');
    return true;
  } catch (error) {
    if (error instanceof Database.SqliteError && error.code.startsWith('SQLITE_BUSY')) return false;
    throw error;
  }
}
