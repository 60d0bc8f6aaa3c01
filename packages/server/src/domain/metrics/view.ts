import {
  type GUEST_COUNTS,
  type GuestLevels,
  type GuestSums,
  mapCounts,
  mapLevels,
  mapSums,
  type Stretch,
} from './stretch.ts';

/**
 * How finely measurements are kept, and how long: each stretch of time is added to a point of every kind. All milliseconds. The last is for what
 * a week ago was like.
 */
export const RESOLUTIONS = [
  { stepMs: 5_000, keepMs: 2 * 3_600_000 },
  { stepMs: 60_000, keepMs: 36 * 3_600_000 },
  { stepMs: 900_000, keepMs: 8 * 24 * 3_600_000 },
] as const;

/** Of how long one can ask, and how fine the points are that it is made of. Milliseconds. */
export const METRIC_INTERVALS = {
  '1m': { lengthMs: 60_000, stepMs: 5_000 },
  '5m': { lengthMs: 300_000, stepMs: 5_000 },
  '1h': { lengthMs: 3_600_000, stepMs: 60_000 },
  '1d': { lengthMs: 86_400_000, stepMs: 900_000 },
} as const;
export type MetricInterval = keyof typeof METRIC_INTERVALS;

/** What is counted together, or not at all. */
type CountedKind = 'diskBytes' | 'diskOperations' | 'packets';

/** What was measured in the step that begins at `atMs` (since 1970). */
export interface MetricPoint {
  readonly atMs: number;
  /** How much of the step was measured at all; a little more than it is long where answers of a guest came late. */
  readonly coveredMs: number;
  /** How much of that a guest told of. */
  readonly guestMs: number;
  /** Divided by the number of processors at that time, as the processor time in `sums`. */
  readonly cpuUsedMs: number;
  readonly sums: GuestSums;
  /** Of `guestMs`, how much somebody counted in; the counts are of that time. */
  readonly countedMs: Readonly<Record<CountedKind, number>>;
  readonly counts: Readonly<Record<(typeof GUEST_COUNTS)[number], number>>;
  /** Means over `guestMs`; all 0 where that is 0. */
  readonly levels: GuestLevels;
}

/**
 * The steps that a stretch lies in, oldest first, each with the share of it that it gets, of 1: as much as it has of the
 * time, since it is not known when in a stretch something was done.
 */
export function stepsOf(
  { endMs, lengthMs }: Pick<Stretch, 'endMs' | 'lengthMs'>,
  stepMs: number,
): readonly { readonly atMs: number; readonly share: number }[] {
  const beganMs = endMs - lengthMs;
  const steps = [];
  for (let atMs = Math.floor(beganMs / stepMs) * stepMs; atMs < endMs; atMs += stepMs)
    steps.push({ atMs, share: (Math.min(endMs, atMs + stepMs) - Math.max(beganMs, atMs)) / lengthMs });
  return steps;
}

/** All points as one. */
export function together(points: readonly MetricPoint[], atMs: number): MetricPoint {
  const total = (figure: (point: MetricPoint) => number): number => points.reduce((sum, each) => sum + figure(each), 0);
  const guestMs = total((point) => point.guestMs);
  return {
    ...{ atMs, guestMs, coveredMs: total((point) => point.coveredMs), cpuUsedMs: total((point) => point.cpuUsedMs) },
    sums: mapSums((name) => total(({ sums }) => sums[name])),
    countedMs: {
      diskBytes: total(({ countedMs }) => countedMs.diskBytes),
      diskOperations: total(({ countedMs }) => countedMs.diskOperations),
      packets: total(({ countedMs }) => countedMs.packets),
    },
    counts: mapCounts((name) => total(({ counts }) => counts[name])),
    levels: mapLevels((name) => total((point) => point.levels[name] * point.guestMs) / Math.max(1, guestMs)),
  };
}
