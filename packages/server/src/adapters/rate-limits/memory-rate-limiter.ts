import { takeTokens } from '../../lib/token-bucket.ts';
import type { Clock } from '../../ports/clock.ts';
import type { RateLimiter, RatePolicy, RateVerdict } from '../../ports/rate-limiter.ts';
import { toBucket, toVerdict } from './to-verdict.ts';

/** Past this the one that was longest left alone is forgotten: it is full when it is named again. */
const MOST_BUCKETS = 100_000;
/** How many of the oldest are looked at with each take: more than one, so that those that are full do not pile up. */
const SWEPT = 2;

/** One that answers at once. */
export interface MemoryRateLimiter extends RateLimiter {
  take(bucket: string, cost: number, policy: RatePolicy): RateVerdict;
  /** How many buckets it keeps. */
  readonly size: number;
}

/** Buckets in this process, at most `maxBuckets` of them: whoever has many addresses fills no memory with them. Answers at once. */
export function createMemoryRateLimiter(
  { clock }: { readonly clock: Clock },
  { maxBuckets = MOST_BUCKETS }: { readonly maxBuckets?: number } = {},
): MemoryRateLimiter {
  /** When each is full again, on the clock that only grows; the one that was used last is the last. */
  const fullAt = new Map<string, number>();

  function sweep(nowMs: number): void {
    let looked = 0;
    for (const [name, fullAtMs] of fullAt) {
      if (fullAt.size <= maxBuckets && (looked === SWEPT || fullAtMs > nowMs)) return;
      fullAt.delete(name);
      looked += 1;
    }
  }

  return {
    get size() {
      return fullAt.size;
    },
    take(name, cost, policy) {
      const nowMs = clock.monotonicMs();
      const take = takeTokens(toBucket(policy), { fullAtMs: fullAt.get(name) ?? null, nowMs, cost });
      fullAt.delete(name);
      fullAt.set(name, take.fullAtMs);
      sweep(nowMs);
      return toVerdict(take, { limit: policy.perMinute, nowMs, now: clock.now() });
    },
    whyAlone: () => null,
  };
}
