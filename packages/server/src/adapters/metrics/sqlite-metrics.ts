/** Measurements in a file of their own: they are written all the time, and may be lost without harm. */
import Database, { type Statement } from 'better-sqlite3';
import { parseId } from '../../domain/ids.ts';
import { FIGURES, type FigureName, isLevel, mapFigures, type Stretch } from '../../domain/metrics/stretch.ts';
import { METRIC_INTERVALS, type MetricPoint, RESOLUTIONS, stepsOf } from '../../domain/metrics/view.ts';
import type { Log } from '../../ports/log.ts';
import type { MetricStore } from '../../ports/metric-store.ts';
import { createExpendableDatabase } from '../shared/expendable-database.ts';

/** Changes with the table and with what its figures mean: what another program wrote is not read. */
const VERSION = 5;
/** Of the time that was measured, in how much nobody told a figure: mostly 0, which takes no room in a row. */
const UNTOLD = FIGURES.map((name) => `${name}_untold_ms` as const);
const COLUMNS = ['covered_ms', 'cpu_used_ms', ...FIGURES, ...UNTOLD] as const;
type Row = Readonly<Record<(typeof COLUMNS)[number] | 'at', number>>;

/** Of the time that something is kept, how much is left when all takes too much. */
const SHRINK = 0.7;
const MAX_SHRINKS = 20;

interface Open {
  readonly database: Database;
  readonly isInMemory: boolean;
  readonly insert: Statement;
}

/** Of one resolution, how long it is kept. */
interface Keeping {
  readonly stepMs: number;
  readonly keepMs: number;
}

/**
 * A file that is damaged, or of another version, is put aside or dropped and begun anew; on a disk that is full measurements are in memory alone, or left
 * out: there is nothing in them that a VM needs, and nobody is hindered by them.
 */
export function openSqliteMetrics(path: string, { log }: { readonly log: Log }): MetricStore {
  const file = createExpendableDatabase<Open>({
    path,
    open: () => openFile(path, log),
    close: async ({ database }) => void database.close(),
    damaged: (error) => log.error('the measurements are damaged: they are put aside and begun anew', { error }),
  });
  let wasFull = false;
  let isInMemory = false;
  /** Why the last measurements were not kept. */
  let failure: string | null = null;

  async function write(work: (open: Open) => void): Promise<void> {
    try {
      await file.use((open) => {
        isInMemory = open.isInMemory;
        transact(open.database, () => work(open));
      });
      [wasFull, failure] = [false, null];
    } catch (error) {
      failure = isFull(error)
        ? 'The disk is full: nothing is measured until there is room.'
        : 'The file of the measurements cannot be written; the log of the server says why.';
      throw error;
    }
  }

  function addStretch(insert: Statement, stretch: Stretch): void {
    const columns = columnsOf(stretch);
    for (const { stepMs } of RESOLUTIONS)
      for (const { atMs, share } of stepsOf(stretch, stepMs))
        insert.run([stretch.subject, stepMs, atMs, ...columns.map((figure) => figure * share)]);
  }

  return {
    async add(stretches) {
      try {
        await write(({ insert }) => {
          for (const stretch of stretches) addStretch(insert, stretch);
        });
      } catch (error) {
        if (!isFull(error)) throw error;
        if (!wasFull) log.warn('the disk is full: nothing is measured until there is room', { error });
        wasFull = true;
      }
    },
    read: (subject, { stepMs, fromMs, untilMs }) =>
      file.use(({ database }) =>
        database
          .prepare('SELECT * FROM points WHERE subject = ? AND step = ? AND at >= ? AND at < ? ORDER BY at')
          .all<Row>([subject, stepMs, fromMs, untilMs])
          .map(toPoint),
      ),
    vms: () =>
      file.use(({ database }) =>
        subjectsOf(database)
          .map((subject) => parseId('vm', subject))
          .filter((id) => id !== null),
      ),
    usage: () => file.use(({ database }) => usedBytes(database)),
    whyNot: () =>
      failure ?? (isInMemory ? 'The disk was full at the start: measurements are in memory until the next one.' : null),
    forget: (vmIds) =>
      write(({ database }) => {
        const drop = database.prepare('DELETE FROM points WHERE subject = ?');
        for (const vmId of vmIds) drop.run([vmId]);
      }),
    prune: (bounds) => write(({ database }) => prunePoints(database, bounds)),
    [Symbol.asyncDispose]: () => file.close(),
  };
}

/** By one step for each in the order of the key: looking at each of their points takes a tenth of a second for a hundred VMs. */
function subjectsOf(database: Database): readonly string[] {
  return database
    .prepare(
      `WITH RECURSIVE known (subject) AS (
         SELECT min(subject) FROM points
         UNION ALL SELECT (SELECT min(subject) FROM points WHERE subject > known.subject) FROM known WHERE known.subject IS NOT NULL
       ) SELECT subject FROM known WHERE subject IS NOT NULL`,
    )
    .all<{ readonly subject: string }>([])
    .map(({ subject }) => subject);
}

function prunePoints(
  database: Database,
  { nowMs, maxBytes }: { readonly nowMs: number; readonly maxBytes: number },
): void {
  const subjects = subjectsOf(database);
  const dropOld = database.prepare('DELETE FROM points WHERE subject = ? AND step = ? AND at < ?');
  const keepOnly = ({ stepMs, keepMs }: Keeping): void => {
    for (const subject of subjects) dropOld.run([subject, stepMs, nowMs - keepMs]);
  };
  for (const resolution of RESOLUTIONS) keepOnly(resolution);
  for (const shorter of everShorter()) {
    if (usedBytes(database) <= maxBytes) return;
    for (const keeping of shorter) keepOnly(keeping);
  }
}

/** The finest goes first, down to what views are made of, and then the next; when all are as short as that, all alike. */
function* everShorter(): Generator<readonly Keeping[]> {
  const least = RESOLUTIONS.map(({ stepMs }) => ({ stepMs, keepMs: longestView(stepMs) }));
  for (const [at, { stepMs, keepMs }] of RESOLUTIONS.entries()) {
    const leastMs = least[at]?.keepMs ?? 0;
    for (let shorterMs = keepMs * SHRINK; shorterMs > leastMs; shorterMs *= SHRINK)
      yield [{ stepMs, keepMs: shorterMs }];
    yield [{ stepMs, keepMs: leastMs }];
  }
  for (let tries = 1; tries <= MAX_SHRINKS; tries++)
    yield least.map(({ stepMs, keepMs }) => ({ stepMs, keepMs: keepMs * SHRINK ** tries }));
}

/** The longest time that is shown in such steps, milliseconds. */
function longestView(stepMs: number): number {
  const shown = Object.values(METRIC_INTERVALS).filter((each) => each.stepMs === stepMs);
  return Math.max(0, ...shown.map(({ lengthMs }) => lengthMs));
}

/** Levels are kept as what they come to over the time, so that points can be added up. */
function columnsOf({ lengthMs, cpuUsedMs, figures }: Stretch): readonly number[] {
  const kept = (name: FigureName): number => (figures[name] ?? 0) * (isLevel(name) ? lengthMs : 1);
  return [lengthMs, cpuUsedMs, ...FIGURES.map(kept), ...FIGURES.map((name) => (figures[name] === null ? lengthMs : 0))];
}

function toPoint(row: Row): MetricPoint {
  return {
    ...{ atMs: row.at, coveredMs: row.covered_ms, cpuUsedMs: row.cpu_used_ms },
    figures: mapFigures((name) => {
      const ms = row.covered_ms - row[`${name}_untold_ms` as const];
      return { ms, amount: isLevel(name) && ms > 0 ? row[name] / ms : row[name] };
    }),
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

function openFile(path: string, log: Log): Open {
  try {
    return openDatabase(path);
  } catch (error) {
    if (!isFull(error)) throw error;
    log.error('the disk is full: measurements are kept in memory alone until the next start', { error });
    return { ...openDatabase(':memory:'), isInMemory: true };
  }
}

function openDatabase(path: string): Open {
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
    const insert = database.prepare(
      `INSERT INTO points (subject, step, at, ${COLUMNS.join(', ')}) VALUES (?, ?, ?, ${COLUMNS.map(() => '?').join(', ')})
       ON CONFLICT DO UPDATE SET ${COLUMNS.map((name) => `${name} = ${name} + excluded.${name}`).join(', ')}`,
    );
    return { database, insert, isInMemory: false };
  } catch (error) {
    database.close();
    throw error;
  }
}
