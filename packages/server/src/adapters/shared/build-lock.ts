import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import Database from 'better-sqlite3';

/** Where a cache is, and the file whose lock is that of its builds. */
export interface LockedCache {
  readonly directory: string;
  readonly lock: string;
}

/** How often a lock that another process holds is tried, milliseconds. */
const RETRY_MS = 250;

/**
 * Waits until this process alone may build into a cache. The lock is one of the kernel's on a small SQLite file, so that it
 * is gone with the process that held it, however that ended. `onWait` is told once, if another holds it. Throws the
 * signal's reason.
 */
export function acquireBuildLock(cache: LockedCache, options: LockOptions): Promise<Disposable> {
  return acquireLock(cache.lock, options);
}

export interface LockOptions {
  readonly signal: AbortSignal;
  readonly onWait?: () => void;
}

/** The same for any other file that is there for nothing else. It is never removed. */
export async function acquireLock(path: string, { signal, onWait }: LockOptions): Promise<Disposable> {
  for (let tries = 0; ; tries++) {
    signal.throwIfAborted();
    const lock = await tryLock(path);
    if (lock !== null) return lock;
    if (tries === 0) onWait?.();
    await sleep(RETRY_MS, undefined, { signal }).catch(() => signal.throwIfAborted());
  }
}

/** The lock, or null if somebody holds it. */
export function tryBuildLock(cache: LockedCache): Promise<Disposable | null> {
  return tryLock(cache.lock);
}

/** The same for any other file. */
export async function tryLock(path: string): Promise<Disposable | null> {
  await mkdir(dirname(path), { recursive: true, mode: 0o755 });
  const database = new Database(path, { timeout: 0 });
  try {
    database.exec('BEGIN EXCLUSIVE');
    return { [Symbol.dispose]: () => database.close() };
  } catch (error) {
    database.close();
    if (error instanceof Database.SqliteError && error.code.startsWith('SQLITE_BUSY')) return null;
    throw error;
  }
}
