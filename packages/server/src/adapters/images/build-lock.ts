import { mkdir } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import Database from 'better-sqlite3';
import type { CachePaths } from './cache.ts';

/** How often a lock that another process holds is tried, milliseconds. */
const RETRY_MS = 250;

/**
 * Waits until this process alone may build into a cache. The lock is one of the kernel's on a small SQLite file, so that it
 * is gone with the process that held it, however that ended. `onWait` is told once, if another holds it. Throws the
 * signal's reason.
 */
export async function acquireBuildLock(
  cache: CachePaths,
  { signal, onWait }: { readonly signal: AbortSignal; readonly onWait?: () => void },
): Promise<Disposable> {
  for (let tries = 0; ; tries++) {
    signal.throwIfAborted();
    const lock = await tryBuildLock(cache);
    if (lock !== null) return lock;
    if (tries === 0) onWait?.();
    await sleep(RETRY_MS, undefined, { signal }).catch(() => signal.throwIfAborted());
  }
}

/** The lock, or null if somebody holds it. */
export async function tryBuildLock(cache: CachePaths): Promise<Disposable | null> {
  await mkdir(cache.directory, { recursive: true, mode: 0o755 });
  const database = new Database(cache.lock, { timeout: 0 });
  try {
    database.exec('BEGIN EXCLUSIVE');
    return { [Symbol.dispose]: () => database.close() };
  } catch (error) {
    database.close();
    if (error instanceof Database.SqliteError && error.code.startsWith('SQLITE_BUSY')) return null;
    throw error;
  }
}
