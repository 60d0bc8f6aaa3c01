/**
 * From where on nothing has been dropped: of all lines, and of those of a VM alone. What is dropped since it is old,
 * or since all takes too much, may be anybody's; what is dropped
 * since a VM says too much is that one's. Both are among the cursors, which need no table of their own:
 *
 *   kept-from:sequence, :at              of all lines (`log-file.ts`)
 *   kept-from:common:sequence, :at       of lines that may be anybody's
 *   kept-from:vm:sequence:…, :at:…       of lines of one VM and owner
 */
import type Database from 'better-sqlite3';
import type { KeptFrom, LogStore } from '../../../ports/log-store.ts';
import { type Dropped, KEPT_FROM, raiseKeptFrom } from './log-file.ts';

/** Whose lines: of a VM, "" for none, and its owner. */
export interface Subject {
  readonly vmId: string;
  readonly owner: string;
}

export type KeptFilter = NonNullable<Parameters<LogStore['keptFrom']>[0]>;

const COMMON = { sequence: 'kept-from:common:sequence', atMs: 'kept-from:common:at' } as const;
const OF_VM = { sequence: 'kept-from:vm:sequence:', atMs: 'kept-from:vm:at:' } as const;
const FIGURES = ['sequence', 'atMs'] as const;
type Figure = (typeof FIGURES)[number];

interface Row {
  readonly key: string;
  readonly position: number;
}

/** Of the lines that are meant; without a filter of all. */
export function readKeptFrom(database: Database, { vmId, owner }: KeptFilter = {}): KeptFrom {
  const rows = rowsOf(database);
  const isMeant = (subject: Subject): boolean =>
    (vmId === undefined || subject.vmId === vmId) && (owner === undefined || subject.owner === owner);
  const ofVms = (figure: Figure): number => {
    const dropped = rowsOfVms(rows, figure).filter(({ key }) => isMeant(subjectIn(key, figure)));
    return Math.max(0, ...dropped.map(({ position }) => position));
  };
  const vmSequence = ofVms('sequence');
  if (vmId === undefined && owner === undefined)
    return { sequence: wholeIn(rows, 'sequence'), atMs: wholeIn(rows, 'atMs'), vmSequence };
  return {
    sequence: Math.max(commonIn(rows, 'sequence'), vmSequence),
    atMs: Math.max(commonIn(rows, 'atMs'), ofVms('atMs')),
    vmSequence,
  };
}

/**
 * Notes that lines were dropped which came before this: of one VM, or null: of anybody. To be called in the
 * transaction that drops them.
 */
export function noteDroppedBefore(database: Database, from: Dropped, subject: Subject | null): void {
  const raise = database.prepare(
    'INSERT INTO cursors VALUES (?, ?, 0) ON CONFLICT DO UPDATE SET position = max(position, excluded.position)',
  );
  const forget = database.prepare('DELETE FROM cursors WHERE key = ?');
  const rows = rowsOf(database);
  for (const figure of FIGURES) {
    const common = Math.max(commonIn(rows, figure), subject === null ? from[figure] : 0);
    raise.run([COMMON[figure], common]);
    if (subject !== null) raise.run([`${OF_VM[figure]}${JSON.stringify([subject.vmId, subject.owner])}`, from[figure]]);
    // What has been dropped of everybody says it all.
    for (const { key, position } of rowsOfVms(rows, figure)) if (position <= common) forget.run([key]);
  }
  raiseKeptFrom(database, from);
}

function rowsOf(database: Database): readonly Row[] {
  return database
    .prepare("SELECT key, position FROM cursors WHERE key >= 'kept-from:' AND key < 'kept-from;'")
    .all<Row>([]);
}

function rowsOfVms(rows: readonly Row[], figure: Figure): readonly Row[] {
  return rows.filter(({ key }) => key.startsWith(OF_VM[figure]));
}

function wholeIn(rows: readonly Row[], figure: Figure): number {
  return rows.find(({ key }) => key === KEPT_FROM[figure])?.position ?? 0;
}

/**
 * A program that knows of all lines only, or the making of the file, has noted what stands behind everything else:
 * that may be anybody's.
 */
function commonIn(rows: readonly Row[], figure: Figure): number {
  const whole = wholeIn(rows, figure);
  const common = rows.find(({ key }) => key === COMMON[figure])?.position ?? 0;
  const known = Math.max(common, ...rowsOfVms(rows, figure).map(({ position }) => position));
  return whole > known ? whole : common;
}

function subjectIn(key: string, figure: Figure): Subject {
  const [vmId, owner]: readonly string[] = JSON.parse(key.slice(OF_VM[figure].length));
  return { vmId: vmId ?? '', owner: owner ?? '' };
}
