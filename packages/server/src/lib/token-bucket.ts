/**
 * A token bucket that is one number: the moment at which it will be full again (GCRA, as in ATM's traffic control).
 *
 *   now                    fullAtMs                  now + capacity
 *    |------- taken --------|--------- left ----------|
 *
 * A take moves that moment away by what its tokens need to come back; one that would move it further than the whole bucket
 * needs is refused, and moves nothing. Time alone refills it, so that nothing has to run.
 */
export interface Bucket {
  /** Tokens that it holds when it is full. */
  readonly capacity: number;
  /** How long one token takes to come back, milliseconds. */
  readonly msPerToken: number;
}

export interface Take {
  readonly isAllowed: boolean;
  /** Whole tokens that are left. */
  readonly remaining: number;
  /** After which the same take is allowed; 0 if it was. Infinity for more than the bucket ever holds. */
  readonly retryAfterMs: number;
  /** When the bucket is full again: to be kept, and given to the next take. Milliseconds on the clock of `nowMs`. */
  readonly fullAtMs: number;
}

/** Sums of fractions of a millisecond are off by a little; a token is not to be lost by that. */
const ROUNDING_MS = 1e-3;

/** Takes `cost` tokens from a bucket that will be full at `fullAtMs` (null, or in the past: it is full now). */
export function takeTokens(
  bucket: Bucket,
  { fullAtMs, nowMs, cost }: { readonly fullAtMs: number | null; readonly nowMs: number; readonly cost: number },
): Take {
  const before = Math.max((fullAtMs ?? nowMs) - nowMs, 0);
  const after = before + cost * bucket.msPerToken;
  const isAllowed = after - bucket.capacity * bucket.msPerToken <= ROUNDING_MS;
  return describeTake(bucket, { isAllowed, fillingMs: isAllowed ? after : before, nowMs, cost });
}

/** What a take means that was decided already; `fillingMs` after it the bucket is full again. */
export function describeTake(
  { capacity, msPerToken }: Bucket,
  take: { readonly isAllowed: boolean; readonly fillingMs: number; readonly nowMs: number; readonly cost: number },
): Take {
  const { isAllowed, fillingMs, nowMs, cost } = take;
  const leftMs = capacity * msPerToken - fillingMs;
  return {
    isAllowed,
    remaining: Math.max(0, Math.floor((leftMs + ROUNDING_MS) / msPerToken)),
    retryAfterMs: isAllowed ? 0 : cost > capacity ? Number.POSITIVE_INFINITY : Math.max(0, cost * msPerToken - leftMs),
    fullAtMs: nowMs + fillingMs,
  };
}
