import { VolaryError } from '../errors.ts';

/** How many replicas: a count, or percent of those that are wanted. */
export type Amount =
  | { readonly kind: 'count'; readonly count: number }
  | { readonly kind: 'percent'; readonly percent: number };

/** How replicas of one revision take the place of another's. */
export interface Strategy {
  /** How many there may be beyond those that are wanted; percent are rounded up. */
  readonly maxSurge: Amount;
  /** How many of those that are wanted may be missing; percent are rounded down. */
  readonly maxUnavailable: Amount;
  /** How long one has to be ready before it counts, seconds. */
  readonly minReadySeconds: number;
  /** How long a rollout may come no further before it is stopped, seconds. */
  readonly progressDeadlineSeconds: number;
}

export const DEFAULT_STRATEGY: Strategy = {
  maxSurge: { kind: 'count', count: 1 },
  maxUnavailable: { kind: 'count', count: 0 },
  minReadySeconds: 0,
  progressDeadlineSeconds: 600,
};

export const DEPLOYMENT_LIMITS = {
  replicas: { minimum: 0, maximum: 5_000 },
  /** Room for a hyphen and the number of a replica. */
  nameLength: 57,
  percent: { minimum: 0, maximum: 100 },
  minReadySeconds: { minimum: 0, maximum: 3_600 },
  progressDeadlineSeconds: { minimum: 5, maximum: 86_400 },
  /** Revisions that are kept, besides those in use. */
  revisions: 10,
} as const;

/** The bounds of a rollout as counts. */
export interface RolloutBounds {
  readonly maxSurge: number;
  readonly maxUnavailable: number;
}

/** Of so many wanted replicas. A rollout can always go on: where both came to nothing, one may be missing. */
export function boundsOf({ maxSurge, maxUnavailable }: Strategy, replicas: number): RolloutBounds {
  const surge = countOf(maxSurge, replicas, Math.ceil);
  const unavailable = Math.min(replicas, countOf(maxUnavailable, replicas, Math.floor));
  return { maxSurge: surge, maxUnavailable: surge === 0 && unavailable === 0 ? Math.min(1, replicas) : unavailable };
}

function countOf(amount: Amount, replicas: number, round: (exact: number) => number): number {
  return amount.kind === 'count' ? amount.count : round((replicas * amount.percent) / 100);
}

/** Throws `invalid_argument` deployment.invalid_strategy. */
export function checkStrategy({ maxSurge, maxUnavailable, minReadySeconds, progressDeadlineSeconds }: Strategy): void {
  const isNothing = (amount: Amount): boolean => (amount.kind === 'count' ? amount.count : amount.percent) === 0;
  if (isNothing(maxSurge) && isNothing(maxUnavailable))
    throw invalid(
      'strategy.max_unavailable',
      'max_surge and max_unavailable cannot both be 0: nothing could be replaced.',
    );
  if (minReadySeconds >= progressDeadlineSeconds)
    throw invalid('strategy.min_ready_seconds', 'min_ready_seconds must be less than progress_deadline_seconds.');
}

function invalid(field: string, message: string): VolaryError {
  return new VolaryError('invalid_argument', message, {
    reason: 'deployment.invalid_strategy',
    details: { field },
  });
}
