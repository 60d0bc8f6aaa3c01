import { VolaryError } from '../errors.ts';

/** What is looked at: processors, in percent of those that a replica has, or its guest's memory, in percent of that. */
export const SCALING_METRICS = ['cpu', 'memory'] as const;
export type ScalingMetric = (typeof SCALING_METRICS)[number];

/** How many replicas there are to be, by how busy they are. */
export interface Autoscaling {
  readonly minReplicas: number;
  readonly maxReplicas: number;
  readonly metric: ScalingMetric;
  /** What each of them is to come to on the average, percent. */
  readonly targetPercent: number;
  /** By so much, percent of the target, it may lie off without anything being done. */
  readonly tolerancePercent: number;
  /** More are made when more were wanted throughout this time, seconds. */
  readonly scaleUpSeconds: number;
  /** Fewer are kept when fewer were wanted throughout this time, seconds. */
  readonly scaleDownSeconds: number;
}

export const AUTOSCALING_DEFAULTS = {
  metric: 'cpu',
  targetPercent: 70,
  tolerancePercent: 10,
  scaleUpSeconds: 15,
  scaleDownSeconds: 300,
} as const satisfies Partial<Autoscaling>;

/** Throws `invalid_argument` deployment.invalid_autoscaling. */
export function checkAutoscaling({ minReplicas, maxReplicas }: Autoscaling): void {
  // None of none is measured: what is at 0 would stay there.
  if (minReplicas >= 1 && minReplicas <= maxReplicas) return;
  throw new VolaryError('invalid_argument', 'min_replicas must be at least 1, and at most max_replicas.', {
    reason: 'deployment.invalid_autoscaling',
    details: { field: 'autoscaling.min_replicas', minimum: 1, maximum: maxReplicas, actual: minReplicas },
  });
}

/** How many would be right for what was measured of those that are ready, before any steadying. */
export function wantedFor(autoscaling: Autoscaling, replicas: number, percents: readonly number[]): number {
  const { minReplicas, maxReplicas, targetPercent, tolerancePercent } = autoscaling;
  const within = (count: number): number => Math.min(maxReplicas, Math.max(minReplicas, count));
  if (percents.length === 0) return within(replicas);
  const average = percents.reduce((sum, percent) => sum + percent, 0) / percents.length;
  const ratio = average / targetPercent;
  if (Math.abs(ratio - 1) * 100 <= tolerancePercent) return within(replicas);
  const exact = Math.ceil(percents.length * ratio);
  // Those that are not measured yet are taken for busy enough: nothing grows again before they have come.
  return within(ratio > 1 ? Math.max(replicas, exact) : Math.min(replicas, exact));
}

/** What was wanted at one moment, by a clock that only grows. */
export interface Recommendation {
  readonly atMs: number;
  readonly replicas: number;
}

/**
 * What is done about it: as few as were wanted at most, looking back for the one time, and as many as at least, for the other. As long as
 * nobody has looked for so long, nothing is done. `past` holds the latest too.
 */
export function steady(
  { scaleUpSeconds, scaleDownSeconds }: Autoscaling,
  replicas: number,
  past: readonly Recommendation[],
  nowMs: number,
): number {
  const lookBack = (seconds: number): readonly number[] | null => {
    const sinceMs = nowMs - seconds * 1_000;
    const isLongEnough = past.some(({ atMs }) => atMs <= sinceMs);
    return isLongEnough ? past.filter(({ atMs }) => atMs >= sinceMs).map((each) => each.replicas) : null;
  };
  const up = lookBack(scaleUpSeconds);
  if (up !== null && up.length > 0 && Math.min(...up) > replicas) return Math.min(...up);
  const down = lookBack(scaleDownSeconds);
  if (down !== null && down.length > 0 && Math.max(...down) < replicas) return Math.max(...down);
  return replicas;
}
