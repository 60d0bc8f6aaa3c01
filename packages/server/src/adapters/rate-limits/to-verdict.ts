import type { EpochMs } from '../../domain/time.ts';
import type { Bucket, Take } from '../../lib/token-bucket.ts';
import type { RatePolicy, RateVerdict } from '../../ports/rate-limiter.ts';

const MINUTE_MS = 60_000;

/** The bucket that a policy describes. */
export function toBucket({ perMinute, burst }: RatePolicy): Bucket {
  return { capacity: perMinute + burst, msPerToken: MINUTE_MS / perMinute };
}

/** What came of a take. `nowMs` is of the clock that the take was measured by, `now` is the wall clock at the same moment. */
export function toVerdict(
  { isAllowed, fullAtMs, remaining, retryAfterMs }: Take,
  { limit, nowMs, now }: { readonly limit: number; readonly nowMs: number; readonly now: EpochMs },
): RateVerdict {
  return { isAllowed, limit, remaining, resetAt: now + (fullAtMs - nowMs), retryAfterMs };
}
