/**
 * Transactions on the one connection that writes, one at a time. Those that come while one is under way are committed together with it: a commit
 * writes each page that was changed to the log, and transactions that are short and many change the same ones.
 *
 *   BEGIN - first - SAVEPOINT - second - RELEASE - SAVEPOINT - third - ROLLBACK TO - ... - COMMIT
 *
 * Each is all or nothing by itself, and is told that it was done when the commit was: a group whose commit fails has failed as a whole.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type Database from 'better-sqlite3';
import type { Statement } from 'better-sqlite3';
import { VolaryError } from '../../../domain/errors.ts';
import type { LoopTurns } from '../../../lib/loop-turns.ts';
import { createMutex, type Mutex } from '../../../lib/mutex.ts';
import type { WatchedLog } from '../../shared/checkpoints.ts';
import type { Connection } from '../shared/connection.ts';
import { createSqliteConnection } from './sqlite-connection.ts';
import { closed, isBusy, translateSqliteError } from './sqlite-errors.ts';

/** Between two looks whether another program has let go of the lock, milliseconds. */
const BUSY_PAUSE_MS = 5;
/** Transactions that are committed together at most, and for how long one waits for others. */
const GROUP = { count: 64, longestMs: 4 } as const;

/** Transactions that are committed together. */
interface Group {
  count: number;
  readonly startedMs: number;
  /** Settles when all of them are committed, or none is. */
  readonly committed: PromiseWithResolvers<void>;
}

/** The one connection that writes, and whose turn it is. */
export interface Writer {
  readonly database: Database;
  readonly connection: Connection;
  readonly statements: Readonly<Record<'begin' | 'commit' | 'rollback' | 'savepoint' | 'release' | 'undo', Statement>>;
  /** Held by the transaction under way. */
  readonly turn: Mutex;
  /** How long a transaction may wait for its turn, and again for another program's lock, milliseconds. */
  readonly busyTimeoutMs: number;
  /** Lets others in this process have a turn between transactions; null: as long as there are transactions, nobody has. */
  readonly turns: LoopTurns | null;
  /** Told of each commit; null: the log is moved within some of them. */
  readonly walLog: Pick<WatchedLog, 'committed'> | null;
  /** What has been done and not yet committed. */
  group: Group | null;
}

/** Makes a connection the writing one. From now on it never blocks: waiting for locks is done here. */
export function createWriter(
  database: Database,
  { busyTimeoutMs, turns, walLog }: Pick<Writer, 'busyTimeoutMs' | 'turns' | 'walLog'>,
): Writer {
  database.exec('PRAGMA busy_timeout = 0');
  return {
    database,
    connection: createSqliteConnection(database),
    statements: {
      // Takes the lock for writing at once, so that nothing read in the transaction can be outdated when it writes.
      begin: database.prepare('BEGIN IMMEDIATE'),
      commit: database.prepare('COMMIT'),
      rollback: database.prepare('ROLLBACK'),
      savepoint: database.prepare('SAVEPOINT one'),
      release: database.prepare('RELEASE one'),
      undo: database.prepare('ROLLBACK TO one'),
    },
    turn: createMutex(),
    busyTimeoutMs,
    turns,
    walLog,
    group: null,
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
  let group: Group | null = null;
  let result: Promise<T>;
  try {
    if (!writer.database.open) throw closed();
    group = await join(writer);
    result = workToEnd(writer, group, work);
    await result.catch(() => undefined);
  } catch (error) {
    throw translateSqliteError(error);
  } finally {
    endPart(writer);
    endTurn();
  }
  // Also one that has refused: it may be by what the others have done, and whoever looks what that was has to find it.
  const [committed] = await Promise.allSettled([group.committed.promise]);
  return await result.then(
    (value) => {
      if (committed?.status === 'rejected') throw committed.reason;
      return value;
    },
    (error: unknown) => {
      throw translateSqliteError(error);
    },
  );
}

/** The group that is open, or a new one. */
async function join(writer: Writer): Promise<Group> {
  if (writer.group === null) {
    // Nothing has been read yet that could be outdated, and nobody waits for a lock.
    if (writer.turns !== null) await writer.turns.share({ isFirst: true });
    if (!writer.database.open) throw closed();
    await begin(writer);
    const committed = Promise.withResolvers<void>();
    // Whoever is a part of it hears of a failure; there may be nobody.
    committed.promise.catch(() => undefined);
    writer.group = { count: 0, startedMs: performance.now(), committed };
  }
  writer.group.count += 1;
  return writer.group;
}

/** SQLite itself would wait for the lock by blocking the whole process. */
async function begin({ statements, busyTimeoutMs }: Writer): Promise<void> {
  const startedMs = performance.now();
  for (;;) {
    try {
      statements.begin.run([]);
      return;
    } catch (error) {
      if (!isBusy(error) || performance.now() - startedMs >= busyTimeoutMs) throw error;
    }
    await sleep(BUSY_PAUSE_MS);
  }
}

async function workToEnd<T>(writer: Writer, group: Group, work: (connection: Connection) => Promise<T>): Promise<T> {
  const { statements, database } = writer;
  const isFirst = group.count === 1;
  // The first one is undone with all that there is.
  if (!isFirst) statements.savepoint.run([]);
  const bound = bindToTransaction(writer);
  try {
    const result = await work(bound.connection);
    bound.check();
    if (!database.open) throw closed();
    if (!isFirst) statements.release.run([]);
    return result;
  } catch (error) {
    undo(writer, group, error);
    throw error;
  } finally {
    bound.end();
  }
}

/** Takes back what this one has done. Some errors have rolled back all by themselves, such as a full disk: the others of its group have failed as well. */
function undo(writer: Writer, group: Group, error: unknown): void {
  const { database, statements } = writer;
  if (database.inTransaction && group.count > 1) {
    statements.undo.run([]);
    statements.release.run([]);
    return;
  }
  if (database.inTransaction) statements.rollback.run([]);
  writer.group = null;
  group.committed.reject(translateSqliteError(error));
}

/** The group goes on with those that wait, and with what else comes in this turn of the event loop. */
function endPart(writer: Writer): void {
  const { group, turn, turns } = writer;
  if (group === null || (turn.isAwaited() && !isFull(writer))) return;
  if (turns === null || isFull(writer)) commitGroup(writer);
  else
    setImmediate(() => {
      // Whoever has the turn by then sees to it.
      if (writer.group === group && !turn.isHeld()) commitGroup(writer);
    });
}

/** Whether those that wait are to be a group of their own. */
function isFull({ group }: Writer): boolean {
  return group !== null && (group.count >= GROUP.count || performance.now() - group.startedMs >= GROUP.longestMs);
}

/** Commits what has been done, if anything has. To be called by whoever has the turn. */
export function commitGroup(writer: Writer): void {
  const { group, database, statements } = writer;
  if (group === null) return;
  writer.group = null;
  try {
    if (!database.open) throw closed();
    statements.commit.run([]);
    group.committed.resolve();
  } catch (error) {
    if (database.open && database.inTransaction) statements.rollback.run([]);
    group.committed.reject(translateSqliteError(error));
    return;
  }
  writer.walLog?.committed();
}

/**
 * The connection as long as the transaction lasts. After its end, or an error that has made SQLite roll back, each further
 * statement would be a transaction by itself: it is refused.
 */
function bindToTransaction({ database, connection }: Writer) {
  let fault: { readonly error: unknown } | null = null;
  let hasEnded = false;

  function check(): void {
    if (fault !== null) throw fault.error;
    if (hasEnded) throw ended();
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
      hasEnded = true;
    },
  };
}

function busy(): VolaryError {
  return new VolaryError('unavailable', 'Another change of the database takes too long.', { reason: 'store.busy' });
}

function ended(): VolaryError {
  return new VolaryError('internal', 'A transaction was used after its end.', { reason: 'store.transaction_ended' });
}
