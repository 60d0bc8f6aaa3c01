import { setTimeout as sleep } from 'node:timers/promises';
import type Database from 'better-sqlite3';
import type { Statement } from 'better-sqlite3';
import { VolaryError } from '../../../domain/errors.ts';
import { createMutex, type Mutex } from '../../../lib/mutex.ts';
import type { Connection } from '../shared/connection.ts';
import { createSqliteConnection } from './sqlite-connection.ts';
import { closed, isBusy, translateSqliteError } from './sqlite-errors.ts';

/** Between two looks whether another program has let go of the lock, milliseconds. */
const BUSY_PAUSE_MS = 5;

/** The one connection that writes, and whose turn it is. */
export interface Writer {
  readonly database: Database;
  readonly connection: Connection;
  readonly begin: Statement;
  readonly commit: Statement;
  readonly rollback: Statement;
  /** Held by the transaction under way. */
  readonly turn: Mutex;
  /** How long a transaction may wait for its turn, and again for another program's lock, milliseconds. */
  readonly busyTimeoutMs: number;
}

/** Makes a connection the writing one. From now on it never blocks: waiting for locks is done here. */
export function createWriter(database: Database, busyTimeoutMs: number): Writer {
  database.exec('PRAGMA busy_timeout = 0');
  return {
    database,
    connection: createSqliteConnection(database),
    // Takes the lock for writing at once, so that nothing read in the transaction can be outdated when it writes.
    begin: database.prepare('BEGIN IMMEDIATE'),
    commit: database.prepare('COMMIT'),
    rollback: database.prepare('ROLLBACK'),
    turn: createMutex(),
    busyTimeoutMs,
  };
}

/**
 * Runs `work` in a transaction when the ones before it have ended. While it waits for something else, other writers wait with
 * it; readers, who have a connection of their own, do not.
 * Throws `unavailable` store.busy if its turn does not come in time: also when it is begun within another one.
 */
export async function runTransaction<T>(writer: Writer, work: (connection: Connection) => Promise<T>): Promise<T> {
  const endTurn = await writer.turn.acquire({ timeoutMs: writer.busyTimeoutMs });
  if (endTurn === null) throw busy();
  try {
    if (!writer.database.open) throw closed();
    await begin(writer);
    return await workToEnd(writer, work);
  } catch (error) {
    throw translateSqliteError(error);
  } finally {
    endTurn();
  }
}

/** SQLite itself would wait for the lock by blocking the whole process. */
async function begin({ begin, busyTimeoutMs }: Writer): Promise<void> {
  const startedMs = performance.now();
  for (;;) {
    try {
      begin.run([]);
      return;
    } catch (error) {
      if (!isBusy(error) || performance.now() - startedMs >= busyTimeoutMs) throw error;
    }
    await sleep(BUSY_PAUSE_MS);
  }
}

async function workToEnd<T>(writer: Writer, work: (connection: Connection) => Promise<T>): Promise<T> {
  const bound = bindToTransaction(writer);
  try {
    const result = await work(bound.connection);
    bound.check();
    if (!writer.database.open) throw closed();
    writer.commit.run([]);
    return result;
  } catch (error) {
    // Some errors have rolled back by themselves, such as a full disk.
    if (writer.database.inTransaction) writer.rollback.run([]);
    throw error;
  } finally {
    bound.end();
  }
}

/**
 * The connection as long as the transaction lasts. After its end, or an error that has made SQLite roll back, each further
 * statement would be a transaction by itself: it is refused.
 */
function bindToTransaction({ database, connection }: Writer) {
  let fault: { readonly error: unknown } | null = null;

  function check(): void {
    if (fault !== null) throw fault.error;
  }
  const bound: Connection = {
    async execute(query) {
      check();
      try {
        return await connection.execute(query);
      } catch (error) {
        if (!database.inTransaction) fault ??= { error };
        throw error;
      }
    },
  };
  return {
    connection: bound,
    /** Throws what has ended the transaction before its time. */
    check,
    end(): void {
      fault ??= { error: ended() };
    },
  };
}

function busy(): VolaryError {
  return new VolaryError('unavailable', 'Another change of the database takes too long.', { reason: 'store.busy' });
}

function ended(): VolaryError {
  return new VolaryError('internal', 'A transaction was used after its end.', { reason: 'store.transaction_ended' });
}
