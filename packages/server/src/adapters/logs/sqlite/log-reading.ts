/**
 * What looks for lines, a stretch of sequences at a time: whatever is asked for, each stretch takes some tens of milliseconds, and after a second the page ends where it is.
 */
import type Database from 'better-sqlite3';
import { parseId, type VmId } from '../../../domain/ids.ts';
import type { LogLine } from '../../../domain/logs/log-line.ts';
import { type LogPage, type LogQuery, PAGE_CHARACTERS } from '../../../domain/logs/log-query.ts';
import type { KeptPage } from '../../../ports/log-store.ts';
import { conditionsOf, findLines, type Range, subjectsOf } from './find-lines.ts';
import { readKeptFrom } from './kept-from.ts';
import { BLOCK_LINES, usedBytes } from './log-file.ts';
import { SEGMENT_LINES, segmentOf } from './word-index.ts';

/** Sequences that are looked through at once. */
const STRETCH = 256 * BLOCK_LINES;
/** After this the page ends, milliseconds. */
const PATIENCE_MS = 1_000;

export interface LogReading {
  read(query: LogQuery): KeptPage;
  vms(): readonly VmId[];
  usage(): { readonly bytes: number; readonly oldestAt: number | null };
}

export function createLogReading(database: Database): LogReading {
  return {
    // What is dropped meanwhile, with its index, is there to the end of the page.
    read: (query) =>
      inOneView(database, () => ({ ...readPage(database, query), keptFrom: readKeptFrom(database, query) })),
    vms: () =>
      database
        .prepare("SELECT DISTINCT vm_id FROM subjects WHERE vm_id <> ''")
        .all<{ readonly vm_id: string }>([])
        .map(({ vm_id }) => parseId('vm', vm_id))
        .filter((id) => id !== null),
    usage() {
      const [oldest] = database
        .prepare('SELECT at FROM lines ORDER BY sequence LIMIT 1')
        .all<{ readonly at: number }>([]);
      return { bytes: usedBytes(database), oldestAt: oldest?.at ?? null };
    },
  };
}

function readPage(database: Database, query: LogQuery): LogPage {
  const kept = keptRange(database);
  const isForward = query.direction === 'forward';
  const end = isForward ? Math.max(kept.last, query.from ?? 0) : 0;
  const subjects = subjectsOf(database, query);
  if (subjects?.length === 0) return { lines: [], reached: end, isAtEnd: true };
  const conditions = conditionsOf(query, subjects);
  const giveUpAt = performance.now() + PATIENCE_MS;
  const lines: LogLine[] = [];
  let characters = 0;
  const range = rangeInTime(database, query, rangeFrom(query, kept));
  for (const stretch of stretchesFor(database, query, range)) {
    // The first stretch is looked through in any case, so that every page comes further.
    if (performance.now() > giveUpAt)
      return { lines, reached: isForward ? stretch.first - 1 : stretch.last + 1, isAtEnd: false };
    for (const found of findLines(database, query, { conditions, range: stretch, limit: query.limit - lines.length })) {
      const last = lines.at(-1);
      characters += found.characters;
      if (last !== undefined && characters > PAGE_CHARACTERS) return { lines, reached: last.sequence, isAtEnd: false };
      lines.push(found.line);
    }
    const last = lines.at(-1);
    if (last !== undefined && lines.length >= query.limit) return { lines, reached: last.sequence, isAtEnd: false };
  }
  return { lines, reached: end, isAtEnd: true };
}

function inOneView<T>(database: Database, look: () => T): T {
  database.exec('BEGIN');
  try {
    return look();
  } finally {
    // Some errors have ended it by themselves.
    if (database.inTransaction) database.exec('COMMIT');
  }
}

/** Words are looked for in one index after the other. */
function stretchesFor(database: Database, { direction, phrases }: LogQuery, range: Range): Iterable<Range> {
  const isForward = direction === 'forward';
  if (phrases === undefined) return stretches(range, isForward);
  const segments = database
    .prepare(
      `SELECT segment FROM segments WHERE segment BETWEEN ? AND ? ORDER BY segment ${isForward ? 'ASC' : 'DESC'}`,
    )
    .all<{ readonly segment: number }>([segmentOf(range.first), segmentOf(range.last)]);
  return segments.map(({ segment }) => ({
    first: Math.max(range.first, segment * SEGMENT_LINES),
    last: Math.min(range.last, (segment + 1) * SEGMENT_LINES - 1),
  }));
}

/** All that is kept. */
function keptRange(database: Database): Range {
  const [row] = database
    .prepare('SELECT (SELECT min(sequence) FROM lines) AS first, (SELECT last FROM numbers) AS last')
    .all<{ readonly first: number | null; readonly last: number }>([]);
  const last = row?.last ?? 0;
  return { first: row?.first ?? last + 1, last };
}

function rangeFrom({ direction, from }: LogQuery, kept: Range): Range {
  if (from === null) return kept;
  if (direction === 'forward') return { ...kept, first: Math.max(kept.first, from + 1) };
  return { ...kept, last: Math.min(kept.last, from - 1) };
}

/** What lies outside of the time is in none of these blocks; what lies in them may still be outside. */
function rangeInTime(database: Database, { sinceMs, untilMs }: LogQuery, range: Range): Range {
  if (sinceMs === undefined && untilMs === undefined) return range;
  const [blocks] = database
    .prepare('SELECT min(block) AS first, max(block) AS last FROM blocks WHERE max_at >= ? AND min_at < ?')
    .all<{ readonly first: number | null; readonly last: number | null }>([
      sinceMs ?? 0,
      untilMs ?? Number.MAX_SAFE_INTEGER,
    ]);
  if (blocks === undefined || blocks.first === null || blocks.last === null) return { first: 1, last: 0 };
  const first = Math.max(range.first, blocks.first * BLOCK_LINES);
  return { first, last: Math.min(range.last, (blocks.last + 1) * BLOCK_LINES - 1) };
}

function* stretches({ first, last }: Range, isForward: boolean): Generator<Range> {
  if (isForward) {
    for (let at = first; at <= last; at += STRETCH) yield { first: at, last: Math.min(last, at + STRETCH - 1) };
  } else {
    for (let at = last; at >= first; at -= STRETCH) yield { first: Math.max(first, at - STRETCH + 1), last: at };
  }
}
