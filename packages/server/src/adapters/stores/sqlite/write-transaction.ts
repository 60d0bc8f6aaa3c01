import { setTimeout as sleep } from 'node:timers/promises';
import type Database from 'better-sqlite3';
import { VolaryError } from '../../../domain/errors.ts';
import type { Mutex } from '../../../lib/mutex.ts';
import type { Connection } from '../shared/connection.ts';
import { isBusy, translateSqliteError } from './sqlite-errors.ts';

/** Between two looks whether another program has let go of the lock, milliseconds. */
const BUSY_PAUSE_MS = 5;

/** The one connection that writes, and who may. */
export interface Writer {
  readonly database: Database;
  readonly connection: Connection;
  /** Held by the transaction under way. */
  readonly turn: Mutex;
  /** How long a transaction may wait for its turn, and again for another program's lock, milliseconds. */
  readonly busyTimeoutMs: number;
}

/**
 * Runs `work` in a transaction on the writing connection, when the ones before it have ended. While `work` waits for something
 * else, other writers wait with it, and readers, who have a connection of their own, do not.
 * Throws `unavailable` store.busy if the turn does not come in time; also for a transaction begun within another one.
 */
export async function runTransaction<T>(writer: Writer, work: (connection: Connection) => Promise<T>): Promise<T> {
  const endTurn = await writer.turn.acquire({ timeoutMs: writer.busyTimeoutMs });
  if (endTurn === null) throw busy();
  try {
    return await beginToEnd(writer, work);
  } finally {
    endTurn();
  }
}

async function beginToEnd<T>(writer: Writer, work: (connection: Connection) => Promise<T>): Promise<T> {
  const { database } = writer;
  await begin(writer);
  const bound = bindToTransaction(writer);
  try {
    const result = await work(bound.connection);
    bound.check();
    database.exec('COMMIT');
    return result;
  } catch (error) {
    // Some errors have rolled back by themselves: a full disk, an input/output error.
    if (database.inTransaction) database.exec('ROLLBACK');
    throw translateSqliteError(error);
  } finally {
    bound.release();
  }
}

/**
 * Takes the lock for writing at once, so that nothing read in the transaction can be outdated when it writes. SQLite itself would
 * wait by blocking the whole process; this waits without.
 */
async function begin({ database, busyTimeoutMs }: Writer): Promise<void> {
  const startedMs = performance.now();
  for (;;) {
    try {
      database.exec('BEGIN IMMEDIATE');
      return;
    } catch (error) {
      if (!isBusy(error) || performance.now() - startedMs >= busyTimeoutMs) throw translateSqliteError(error);
    }
    await sleep(BUSY_PAUSE_MS);
  }
}

/**
 * The connection for one transaction. It refuses to work after the transaction's end, and after an error that has made
 * SQLite roll back, since each further statement would then be a transaction by itself.
 */
function bindToTransaction({ database, connection }: Writer) {
  let fault: { readonly error: unknown } | null = null;
  const check = (): void => {
    if (fault !== null) throw fault.error;
  };
  return {
    check,
    release(): void {
      fault ??= { error: new VolaryError('internal', 'A transaction was used after its end.', { reason: 'store.transaction_ended' }) };
    },
    connection: {
      async execute(query) {
        check();
        try {
          return await connection.execute(query);
        } catch (error) {
          if (!database.inTransaction) fault ??= { error };
          throw error;
        }
      },
    } satisfies Connection,
  };
}

function busy(): VolaryError {
  return new VolaryError('unavailable', 'Another change of the database takes too long.', { reason: 'store.busy' });
}
