import type { EpochMs } from '../../domain/time.ts';
import type { Delivery } from '../../domain/webhook/delivery.ts';
import { fullJitterMs } from '../../lib/backoff.ts';
import type { SendOutcome } from '../../ports/webhook-sender.ts';
import type { Ages } from '../ages.ts';

/** When a request that failed is repeated, and when no more. */
export interface RetryPolicy {
  /** The wait after the first try is at most this, after each further one at most twice as long, milliseconds. */
  readonly firstRetryMs: number;
  /** No wait is longer, whatever the receiver asks for. */
  readonly longestRetryMs: number;
  /** After this time since the first try there is no further one. */
  readonly giveUpAfterMs: number;
  readonly maxTries: number;
}

/**
 * The delivery after a try: delivered, waiting for the next one, or dead, at once where another try would come to the same. The wait is chosen from the whole range up to its
 * bound, and is at least what the receiver asked for with `Retry-After`, up to the longest wait.
 */
export function afterTry(
  delivery: Delivery,
  outcome: SendOutcome,
  { now, ages, random }: { readonly now: EpochMs; readonly ages: Ages; readonly random: () => number },
  policy: RetryPolicy,
): Delivery {
  const { at, status, error, response, durationMs } = outcome;
  const tries = delivery.tries + 1;
  const firstTriedAt = delivery.firstTriedAt ?? at;
  const tried = { ...delivery, tries, firstTriedAt, lastTry: { at, status, error, response, durationMs } };
  if (error === null) return { ...tried, state: 'delivered', nextTryAt: null, completedAt: now };
  const isUsedUp =
    outcome.isFinal === true ||
    delivery.kind === 'test' ||
    tries >= policy.maxTries ||
    firstTriedAt <= ages.before(policy.giveUpAfterMs);
  if (isUsedUp) return { ...tried, state: 'dead', nextTryAt: null, completedAt: now };
  return { ...tried, state: 'waiting', nextTryAt: now + waitMs(tries, outcome.retryAfterMs, random, policy) };
}

function waitMs(tries: number, askedMs: number | null, random: () => number, policy: RetryPolicy): number {
  const bounds = { firstMs: policy.firstRetryMs, capMs: policy.longestRetryMs };
  return Math.max(fullJitterMs(tries, bounds, random), Math.min(askedMs ?? 0, policy.longestRetryMs));
}
