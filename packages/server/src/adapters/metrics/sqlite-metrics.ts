/** Measurements in a file of their own: they are written all the time, and may be lost without harm. */
import { renameSync, rmSync } from 'node:fs';
import Database from 'better-sqlite3';
import { parseId } from '../../domain/ids.ts';
import {
  GUEST_COUNTS,
  GUEST_LEVELS,
  GUEST_SUMS,
  mapCounts,
  mapLevels,
  mapSums,
  type Stretch,
} from '../../domain/metrics/stretch.ts';
import { type MetricPoint, RESOLUTIONS } from '../../domain/metrics/view.ts';
import type { Log } from '../../ports/log.ts';
import type { MetricStore } from '../../ports/metric-store.ts';

/** Changes with the table and with what its figures mean: what another program wrote is not read. */
const VERSION = 4;
const COUNTED = ['disk_bytes_counted_ms', 'disk_operations_counted_ms', 'packets_counted_ms'] as const;
const COLUMNS = [
  'covered_ms',
  'guest_ms',
  'cpu_used_ms',
  ...GUEST_SUMS,
  ...COUNTED,
  ...GUEST_COUNTS,
  ...GUEST_LEVELS,
] as const;
type Row = Readonly<Record<(typeof COLUMNS)[number] | 'at', number>>;

/** Of what is kept, how much is left when it is too much. */
const SHRINK = 0.8;
const MAX_SHRINKS = 20;

/**
 * A file that is damaged, or of another version, is put aside or dropped and begun anew; on a disk that is full measurements are in memory alone, or left
 * out: there is nothing in them that a VM needs, and nobody is hindered by them.
 */
export function openSqliteMetrics(path: string, { log }: { readonly log: Log }): MetricStore {
  const database = openFile(path, log);
  let wasFull = false;
  const insert = database.prepare(
    `INSERT INTO points (subject, step, at, ${COLUMNS.join(', ')}) VALUES (?, ?, ?, ${COLUMNS.map(() => '?').join(', ')})
     ON CONFLICT DO UPDATE SET ${COLUMNS.map((name) => `${name} = ${name} + excluded.${name}`).join(', ')}`,
  );
  const select = database.prepare(
    'SELECT * FROM points WHERE subject = ? AND step = ? AND at >= ? AND at < ? ORDER BY at',
  );
  const dropOld = database.prepare('DELETE FROM points WHERE subject = ? AND step = ? AND at < ?');
  const dropVm = database.prepare('DELETE FROM points WHERE subject = ?');
  const distinct = database.prepare('SELECT DISTINCT subject FROM points');

  function subjects(): readonly string[] {
    return distinct.all<{ readonly subject: string }>([]).map(({ subject }) => subject);
  }

  function drop(nowMs: number, share: number): void {
    for (const subject of subjects())
      for (const { stepMs, keepMs } of RESOLUTIONS) dropOld.run([subject, stepMs, nowMs - keepMs * share]);
  }

  function addStretch(stretch: Stretch): void {
    for (const { stepMs } of RESOLUTIONS) {
      // What ends with a step belongs to it.
      const at = Math.floor((stretch.endMs - 1) / stepMs) * stepMs;
      insert.run([stretch.subject, stepMs, at, ...figuresOf(stretch)]);
    }
  }

  return {
    async add(stretches) {
      try {
        transact(database, () => {
          for (const stretch of stretches) addStretch(stretch);
        });
        wasFull = false;
      } catch (error) {
        if (!isFull(error)) throw error;
        if (!wasFull) log.warn('the disk is full: nothing is measured until there is room', { error });
        wasFull = true;
      }
    },
    read: async (subject, { stepMs, fromMs, untilMs }) =>
      select.all<Row>([subject, stepMs, fromMs, untilMs]).map(toPoint),
    vms: async () =>
      subjects()
        .map((subject) => parseId('vm', subject))
        .filter((id) => id !== null),
    usage: async () => usedBytes(database),
    async forget(vmIds) {
      transact(database, () => {
        for (const vmId of vmIds) dropVm.run([vmId]);
      });
    },
    async prune({ nowMs, maxBytes }) {
      transact(database, () => {
        drop(nowMs, 1);
        for (let tries = 1; usedBytes(database) > maxBytes && tries <= MAX_SHRINKS; tries++)
          drop(nowMs, SHRINK ** tries);
      });
    },
    async [Symbol.asyncDispose]() {
      database.close();
    },
  };
}

/** Levels are kept as what they come to over the time, so that points can be added up. */
function figuresOf({ lengthMs, cpuUsedMs, guest }: Stretch): readonly number[] {
  const countedMs = (name: (typeof GUEST_COUNTS)[number]): number =>
    guest === null || guest.counts[name] === null ? 0 : lengthMs;
  return [
    ...[lengthMs, guest === null ? 0 : lengthMs, cpuUsedMs],
    ...GUEST_SUMS.map((name) => guest?.sums[name] ?? 0),
    ...[countedMs('diskReadBytes'), countedMs('diskReads'), countedMs('packetsReceived')],
    ...GUEST_COUNTS.map((name) => guest?.counts[name] ?? 0),
    ...GUEST_LEVELS.map((name) => (guest?.levels[name] ?? 0) * lengthMs),
  ];
}

function toPoint(row: Row): MetricPoint {
  const guestMs = row.guest_ms;
  return {
    ...{ atMs: row.at, coveredMs: row.covered_ms, guestMs, cpuUsedMs: row.cpu_used_ms },
    sums: mapSums((name) => row[name]),
    countedMs: {
      diskBytes: row.disk_bytes_counted_ms,
      diskOperations: row.disk_operations_counted_ms,
      packets: row.packets_counted_ms,
    },
    counts: mapCounts((name) => row[name]),
    levels: mapLevels((name) => row[name] / Math.max(1, guestMs)),
  };
}

/** Without pages that are free. */
function usedBytes(database: Database): number {
  const figure = (name: string): number => Number(database.pragma(name, { simple: true }));
  return (figure('page_count') - figure('freelist_count')) * figure('page_size');
}

function transact(database: Database, work: () => void): void {
  database.exec('BEGIN IMMEDIATE');
  try {
    work();
    database.exec('COMMIT');
  } catch (error) {
    // Some errors, such as a full disk, have rolled back by themselves.
    if (database.inTransaction) database.exec('ROLLBACK');
    throw error;
  }
}

/** Not a block is left, also where the files beside the database cannot be made or grown for it. */
function isFull(error: unknown): boolean {
  return (
    error instanceof Database.SqliteError && /^SQLITE_(FULL|IOERR_(SHMSIZE|SHMMAP|WRITE|TRUNCATE))$/.test(error.code)
  );
}

function openFile(path: string, log: Log): Database {
  try {
    return openDatabase(path);
  } catch (error) {
    if (isFull(error)) {
      log.error('the disk is full: measurements are kept in memory alone until the next start', { error });
      return openDatabase(':memory:');
    }
    if (!(error instanceof Database.SqliteError) || !/^SQLITE_(CORRUPT|NOTADB)/.test(error.code)) throw error;
    log.error('the measurements are damaged: they are put aside and begun anew', { error });
    renameSync(path, `${path}.damaged`);
    for (const suffix of ['-wal', '-shm']) rmSync(`${path}${suffix}`, { force: true });
    return openDatabase(path);
  }
}

function openDatabase(path: string): Database {
  const database = new Database(path);
  try {
    database.exec('PRAGMA journal_mode = WAL');
    database.exec('PRAGMA synchronous = NORMAL');
    database.exec('PRAGMA journal_size_limit = 4194304');
    database.exec('PRAGMA cache_size = -1024');
    if (database.pragma('user_version', { simple: true }) !== VERSION) database.exec('DROP TABLE IF EXISTS points');
    database.exec(
      `CREATE TABLE IF NOT EXISTS points (subject TEXT NOT NULL, step INTEGER NOT NULL, at INTEGER NOT NULL,
        ${COLUMNS.map((name) => `${name} REAL NOT NULL`).join(', ')},
        PRIMARY KEY (subject, step, at)) WITHOUT ROWID`,
    );
    database.exec(`PRAGMA user_version = ${VERSION}`);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}
