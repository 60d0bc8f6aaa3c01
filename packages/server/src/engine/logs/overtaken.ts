import type { LogLine } from '../../domain/logs/log-line.ts';
import type { LogFilter, LogPage, LogQuery } from '../../domain/logs/log-query.ts';
import type { LogReadOptions } from '../../ports/log-store.ts';
import type { EngineDeps } from '../deps.ts';

type OvertakenDeps = Pick<EngineDeps, 'logs' | 'logArchive' | 'clock'>;

/**
 * Says to one reader where lines were dropped before it came to them. Null: none of what it asks for was, between the sequence `from` and this page, which was read after
 * it; or it has been told.
 */
export type FindGap = (from: number, page: LogPage) => Promise<LogLine | null>;

export function createFindGap(
  { logs, logArchive, clock }: OvertakenDeps,
  filter: LogFilter,
  reading: LogReadOptions,
): FindGap {
  const { vmId, owner } = filter;
  const about = { ...(vmId === undefined ? {} : { vmId }), ...(owner === undefined ? {} : { owner }) };
  /** All that was dropped before this sequence has been told. */
  let toldTo = 0;

  /** All that is asked for was dropped up to there: the oldest lines go first. */
  async function isNothingLeft(from: number): Promise<boolean> {
    const older: LogQuery = { ...about, direction: 'backward', from: from + 1, limit: 1 };
    const { lines, isAtEnd } = await logs.read(older, reading);
    return lines.length === 0 && isAtEnd;
  }

  return async (from, page) => {
    // Whoever reads from the beginning has missed nothing, and what is dropped here an archive still has.
    if (from === 0 || logArchive !== null) return null;
    const [first] = page.lines;
    if (page.reached <= from || first?.sequence === from + 1) return null;
    const { sequence } = await logs.keptFrom(about);
    if (sequence <= Math.max(from + 1, toldTo)) return null;
    // Of all lines none has another number than the one after it, unless it was dropped.
    const isOfAll = Object.keys(filter).length === 0;
    if (!isOfAll && !(await isNothingLeft(from))) return null;
    toldTo = sequence;
    return gapLine(filter, { sequence: from, at: first?.at ?? clock.now() });
  };
}

/** The page with this line before its own, which are one less where it is full. */
export function withGap(page: LogPage, gap: LogLine, limit: number): LogPage {
  if (page.lines.length < limit) return { ...page, lines: [gap, ...page.lines] };
  const lines = page.lines.slice(0, limit - 1);
  const last = lines.at(-1);
  return last === undefined ? page : { lines: [gap, ...lines], reached: last.sequence, isAtEnd: false };
}

/** Whoever goes on after it goes on in the same place. */
function gapLine(
  { sources, vmId, owner, operationId, executionId }: LogFilter,
  place: Pick<LogLine, 'sequence' | 'at'>,
): LogLine {
  return {
    ...place,
    ...{ vmId: vmId ?? null, owner: owner ?? null, operationId: operationId ?? null, executionId: executionId ?? null },
    ...{ level: 'warn', source: sources?.[0] ?? 'engine', fields: { missing: 'dropped' }, marks: ['gap'] },
    message:
      'Lines may be missing here: older ones were dropped, since they had been kept long enough or took too much.',
  };
}
