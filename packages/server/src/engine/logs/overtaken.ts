import type { LogLine } from '../../domain/logs/log-line.ts';
import type { LogFilter, LogPage, LogQuery } from '../../domain/logs/log-query.ts';
import type { KeptPage, LogReadOptions } from '../../ports/log-store.ts';
import type { EngineDeps } from '../deps.ts';

type OvertakenDeps = Pick<EngineDeps, 'logs' | 'logArchive' | 'clock'>;

/**
 * Says to one reader where lines were dropped before it came to them. Null: none of what it asks for was, between the sequence `from` and this page, which was read after
 * it; or it has been told.
 */
export type FindGap = (from: number, page: KeptPage) => Promise<LogLine | null>;

export function createFindGap(
  { logs, logArchive, clock }: OvertakenDeps,
  filter: LogFilter,
  reading: LogReadOptions,
): FindGap {
  const { vmId, owner } = filter;
  const about = { ...(vmId === undefined ? {} : { vmId }), ...(owner === undefined ? {} : { owner }) };
  /** All that was dropped before this sequence has been told. */
  let toldTo = 0;

  /** All that is asked for was dropped up to there: of lines that go since they are old, or since all takes too much, the oldest go first. */
  async function isNothingLeft(from: number): Promise<boolean> {
    const older: LogQuery = { ...about, direction: 'backward', from: from + 1, limit: 1 };
    const { lines, isAtEnd } = await logs.read(older, reading);
    return lines.length === 0 && isAtEnd;
  }

  async function isOvertaken(from: number, { lines: [first], keptFrom }: KeptPage, behind: number): Promise<boolean> {
    if (first?.sequence === from + 1 || keptFrom.sequence <= behind) return false;
    // Of all lines none has another number than the one after it, unless it was dropped.
    return Object.keys(filter).length === 0 || (await isNothingLeft(from));
  }

  return async (from, page) => {
    // What is dropped here an archive still has.
    if (logArchive !== null) return null;
    if (from === 0) {
      // Whoever reads from the beginning has missed nothing of what was dropped before.
      toldTo = page.keptFrom.sequence;
      return null;
    }
    if (page.reached <= from) return null;
    const { sequence, vmSequence } = page.keptFrom;
    const behind = Math.max(from + 1, toldTo);
    // What one VM lost for itself is certain, however much is left of others, and where.
    const isPassed = vmSequence > behind && vmSequence <= page.reached + 1;
    if (!isPassed && !(await isOvertaken(from, page, behind))) return null;
    toldTo = sequence;
    const before = isPassed ? page.lines.filter((line) => line.sequence < vmSequence) : [];
    const next = page.lines[before.length];
    return gapLine(filter, { sequence: before.at(-1)?.sequence ?? from, at: next?.at ?? clock.now() });
  };
}

/**
 * The page with this line in its place, and no more lines than `limit`. Where it is the last that there is room for, it
 * stands right before the one that follows: so whoever goes on after it is not told again.
 */
export function withGap(page: LogPage, gap: LogLine, limit: number): LogPage {
  const before = page.lines.filter(({ sequence }) => sequence <= gap.sequence);
  const after = page.lines.slice(before.length);
  const all = [...before, gap, ...after];
  if (all.length <= limit) return { ...page, lines: all };
  const lines = all.slice(0, limit);
  const last = lines.at(-1) ?? gap;
  if (last !== gap) return { lines, reached: last.sequence, isAtEnd: false };
  const reached = (after[0]?.sequence ?? page.reached) - 1;
  return { lines: [...before, { ...gap, sequence: reached }], reached, isAtEnd: false };
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
