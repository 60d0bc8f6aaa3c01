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
  /** When the bucket is full again, if nobody takes from it. */
  readonly resetAt: EpochMs;
  /** After which the same is allowed; 0 if it was. */
  readonly retryAfterMs: number;
}

/** Counts what callers take, each in a bucket of its own name. */
export interface RateLimiter {
  /**
   * Takes `cost` from a bucket, which is full when it is first named, or none of it if there is not as much. Answers at once where it can, since it
   * is asked for each request. Never throws, never rejects: who cannot count with the others counts alone.
   */
  take(bucket: string, cost: number, policy: RatePolicy): RateVerdict | Promise<RateVerdict>;
  /** Null as long as the limits are those that were configured; else a sentence that says what they are instead. */
  whyAlone(): string | null;
}
