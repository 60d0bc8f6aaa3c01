import type { EpochMs } from '../domain/time.ts';

/** A bucket of `perMinute + burst`, refilled at `perMinute` a minute. */
export interface RatePolicy {
  readonly perMinute: number;
  readonly burst: number;
}

export interface RateVerdict {
  readonly isAllowed: boolean;
  /** Requests a minute. */
  readonly limit: number;
  /** How many more are allowed now. */
  readonly remaining: number;
  /** When the bucket is full again, if nothing is taken from it. */
  readonly resetAt: EpochMs;
  /** When the same request will be allowed; 0: it was allowed. */
  readonly retryAfterMs: number;
}

/** Counts the requests of callers, in a bucket for each name. */
export interface RateLimiter {
  /**
   * Takes `cost` from a bucket, or nothing if it holds less. A new bucket is full. Answers synchronously where it can,
   * since it is called for each request. Never throws or rejects: a server that cannot share its counts counts alone.
   */
  take(bucket: string, cost: number, policy: RatePolicy): RateVerdict | Promise<RateVerdict>;
  /** Null while the configured limits apply; otherwise a sentence that says what applies instead. */
  whyAlone(): string | null;
}
