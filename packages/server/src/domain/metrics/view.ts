import { type FigureName, isLevel, mapFigures, type Stretch } from './stretch.ts';

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

/** What a figure was, and in how much of some time anybody told it. */
export interface Told {
  readonly ms: number;
  /** Of a counter what was added in that time, of a level its mean over it; 0 where nobody told it. */
  readonly amount: number;
}

/** What was measured in the step that begins at `atMs` (since 1970). */
export interface MetricPoint {
  readonly atMs: number;
  /** How much of the step was measured at all; a little more than it is long where answers of a guest came late. */
  readonly coveredMs: number;
  /** Divided by the number of processors at that time, as the processor time in `figures`. */
  readonly cpuUsedMs: number;
  readonly figures: Readonly<Record<FigureName, Told>>;
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
  return {
    ...{ atMs, coveredMs: total((point) => point.coveredMs), cpuUsedMs: total((point) => point.cpuUsedMs) },
    figures: mapFigures((name) => {
      const ms = total(({ figures }) => figures[name].ms);
      if (!isLevel(name) || ms === 0) return { ms, amount: total(({ figures }) => figures[name].amount) };
      return { ms, amount: total(({ figures }) => figures[name].amount * figures[name].ms) / ms };
    }),
  };
}

/** What it came to, or was on average; null: nobody told it. */
export function amountOf({ ms, amount }: Told): number | null {
  return ms > 0 ? amount : null;
}

/** What of a counter fell into so many milliseconds on average; null: nobody told it. */
export function addedIn(durationMs: number, { ms, amount }: Told): number | null {
  return ms > 0 ? (durationMs * amount) / ms : null;
}

/**
 * The memory that is in use: as the guest tells it or, where it tells nothing, what its monitor holds, which is at most
 * all that the machine has. Null: nobody told.
 */
export function memoryInUse({ figures }: MetricPoint): number | null {
  const [used, held] = [amountOf(figures.memoryUsedBytes), amountOf(figures.memoryHeldBytes)];
  if (used !== null || held === null) return used;
  return Math.min(held, amountOf(figures.memoryTotalBytes) ?? held);
}
