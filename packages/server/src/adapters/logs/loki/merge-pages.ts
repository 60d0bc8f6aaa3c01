import type { LogLine } from '../../../domain/logs/log-line.ts';
import type { LogPage, LogQuery } from '../../../domain/logs/log-query.ts';

/** One page of two that answer the same query, each of what it knows: what is in both is there once, and nothing beyond where one of them has not looked. */
export function mergePages(
  one: LogPage,
  other: LogPage,
  { direction, limit }: Pick<LogQuery, 'direction' | 'limit'>,
): LogPage {
  const sign = direction === 'forward' ? 1 : -1;
  const horizon = Math.min(horizonOf(one, sign), horizonOf(other, sign));
  const lines = new Map<number, LogLine>();
  for (const line of [...one.lines, ...other.lines])
    if (line.sequence * sign <= horizon) lines.set(line.sequence, line);
  const sorted = [...lines.values()].toSorted((a, b) => (a.sequence - b.sequence) * sign);
  const last = sorted[limit - 1];
  if (last !== undefined) return { lines: sorted.slice(0, limit), reached: last.sequence, isAtEnd: false };
  const isAtEnd = one.isAtEnd && other.isAtEnd;
  const reached = isAtEnd ? Math.max(one.reached * sign, other.reached * sign) * sign : horizon * sign;
  return { lines: sorted, reached, isAtEnd };
}

/** How far a page has looked, growing in its direction. */
function horizonOf({ reached, isAtEnd }: LogPage, sign: 1 | -1): number {
  return isAtEnd ? Infinity : reached * sign;
}
