/**
 * The store in one SQLite file. Two connections: one writes, by one transaction at a time, and one reads what has been
 * committed, so that no reader waits for a transaction. SQLite's calls are synchronous: what a transaction costs the
 * others in this process is its own running time, some tens of microseconds.
 */
import type Database from 'better-sqlite3';
import { Kysely } from 'kysely';
import type { LoopTurns } from '../../../lib/loop-turns.ts';
import type { Store } from '../../../ports/store.ts';
import type { Checkpoints, WatchedLog } from '../../shared/checkpoints.ts';
import type { DatabaseBackend } from '../shared/connection.ts';
import { createStore } from '../shared/create-store.ts';
import { migrate } from '../shared/migrations/migrate.ts';
import type { Migration } from '../shared/migrations/migration.ts';
import { MIGRATIONS } from '../shared/migrations/migrations.ts';
import type { Schema } from '../shared/schema.ts';
import { copyDatabase, openReader, openWriter } from './database-file.ts';
import { createSqliteConnection } from './sqlite-connection.ts';
import { SQLITE_TYPES, TransactionalSqliteDialect } from './sqlite-dialect.ts';
import { translateSqliteError } from './sqlite-errors.ts';
import { commitGroup, createWriter, runTransaction, type Writer } from './write-transaction.ts';

export interface SqliteStoreConfig {
  /** The database's file; its directory must be there. */
  readonly path: string;
  /** How long a change may wait for the one before it, or for another program's lock. Default 10 s. */
  readonly busyTimeoutMs?: number;
  /** The steps of the schema; others than the real ones are for tests. */
  readonly migrations?: readonly Migration[];
  /** True when other processes write to the same file. Default false. */
  readonly isShared?: boolean;
  /**
   * Lets everybody else in this process have a turn between transactions: SQLite's calls only look asynchronous. Absent: they follow each other
   * without end, so that tests that step a clock see all that a step brings about.
   */
  readonly turns?: LoopTurns;
  /** Moves what was committed into the database, in another thread. Absent: it is done within some commits. */
  readonly checkpoints?: Checkpoints;
}

/** Closing waits for the transaction under way, this long at most; any longer and it is rolled back. Milliseconds. */
const CLOSE_TIMEOUT_MS = 10_000;

/**
 * Opens the store; the database is made if there is none, and brought up to date, after a copy of it was put beside it
 * if that alters what is stored. Throws `failed_precondition` store.newer_version or store.not_writable, `data_loss`
 * store.damaged, `unavailable` store.busy, `resource_exhausted` store.full.
 */
export async function createSqliteStore(config: SqliteStoreConfig): Promise<Store> {
  const {
    path,
    busyTimeoutMs = 10_000,
    migrations = MIGRATIONS,
    isShared = false,
    turns = null,
    checkpoints = null,
  } = config;
  let database: Database | null = null;
  try {
    database = openWriter(path, { timeoutMs: busyTimeoutMs });
    await bringUpToDate(database, path, migrations);
    const reader = openReader(path, { timeoutMs: busyTimeoutMs });
    const compiler = new Kysely<Schema>({ dialect: new TransactionalSqliteDialect(database) });
    const walLog = checkpoints?.watch(database, path) ?? null;
    const writer = createWriter(database, { busyTimeoutMs, turns, walLog });
    return createStore(createBackend({ writer, reader, walLog, isOnlyWriter: !isShared }), compiler);
  } catch (error) {
    database?.close();
    throw translateSqliteError(error);
  }
}

async function bringUpToDate(database: Database, path: string, migrations: readonly Migration[]): Promise<void> {
  const kysely = new Kysely<unknown>({ dialect: new TransactionalSqliteDialect(database) });
  // A step that rebuilds a table drops the old one, and with foreign keys on that would delete the rows that refer to it.
  database.exec('PRAGMA foreign_keys = OFF');
  await migrate(kysely, {
    migrations,
    types: SQLITE_TYPES,
    copyAside: async (lastApplied) => copyDatabase(database, `${path}.at-${lastApplied}`),
  });
  database.exec('PRAGMA foreign_keys = ON');
}

interface BackendParts {
  readonly writer: Writer;
  readonly reader: Database;
  readonly walLog: WatchedLog | null;
  readonly isOnlyWriter: boolean;
}

function createBackend({ writer, reader, walLog, isOnlyWriter }: BackendParts): DatabaseBackend {
  let isClosed = false;
  return {
    reader: createSqliteConnection(reader),
    transaction: (work) => runTransaction(writer, work),
    isOnlyWriter,
    async [Symbol.asyncDispose]() {
      if (isClosed) return;
      isClosed = true;
      const endTurn = await writer.turn.acquire({ timeoutMs: CLOSE_TIMEOUT_MS });
      if (endTurn !== null) commitGroup(writer);
      await walLog?.[Symbol.asyncDispose]();
      reader.close();
      // The last connection to close moves the log into the database and removes it.
      writer.database.close();
      endTurn?.();
    },
  };
}
