/**
 * How old something is, by a wall clock that may jump.
 *
 * What is stored bears wall time, and what is old enough is dropped for good: a clock that is set ahead by a week would drop
 * a week's worth at once. So each look compares how far the wall clock has come with how far the monotonic clock has, and
 * what the one is ahead is held back. Whoever keeps something for a time may forget a jump when it is longer ago than that, since by
 * then all that was stored before it is old enough in truth: a clock that was set right puts off, and holds up nothing for ever.
 *
 * A server that is started takes the clock as it then is.
 */
import type { EpochMs } from '../domain/time.ts';
import type { Clock } from '../ports/clock.ts';

export interface Ages {
  /** The latest wall time of which it is certain that whatever bears it is at least so old; so is all that bears an earlier one. */
  before(ageMs: number): EpochMs;
}

interface Jump {
  readonly seenMs: number;
  /** Negative: it was set back. */
  readonly byMs: number;
}

/** Clocks are slewed by less than this between two looks, milliseconds. */
const SLEW_MS = 1_000;
/** More than that are counted as fewer that hold back at least as much. */
const MOST_JUMPS = 1_000;

/** Jumps count from now on. */
export function createAges(clock: Pick<Clock, 'now' | 'monotonicMs'>): Ages {
  let wallMs = clock.now();
  let monotonicMs = clock.monotonicMs();
  let jumps: readonly Jump[] = [];

  function look(): void {
    const nowMs = clock.now();
    const seenMs = clock.monotonicMs();
    const byMs = nowMs - wallMs - (seenMs - monotonicMs);
    wallMs = nowMs;
    monotonicMs = seenMs;
    if (Math.abs(byMs) > SLEW_MS) jumps = bounded([...jumps, { seenMs, byMs }]);
  }

  return {
    before(ageMs) {
      look();
      const counting = jumps.filter(({ seenMs }) => monotonicMs - seenMs < ageMs);
      // By how much anything may look older than it is: a clock that was set back has made up for what it was ahead before, not after.
      const aheadMs = counting.reduce((ahead, { byMs }) => Math.max(0, ahead + byMs), 0);
      return wallMs - ageMs - aheadMs;
    },
  };
}

function bounded(jumps: readonly Jump[]): readonly Jump[] {
  const [first, second, ...rest] = jumps;
  if (jumps.length <= MOST_JUMPS || first === undefined || second === undefined) return jumps;
  return [{ seenMs: second.seenMs, byMs: Math.max(0, first.byMs) + Math.max(0, second.byMs) }, ...rest];
}
