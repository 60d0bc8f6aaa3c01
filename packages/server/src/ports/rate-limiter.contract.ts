import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RateLimiter, RateVerdict } from './rate-limiter.ts';

/** What is asked of every limiter. `make` returns one whose buckets are full; time is the machine's own. */
export function rateLimiterContract({
  name,
  make,
}: {
  readonly name: string;
  readonly make: () => Promise<RateLimiter & Partial<AsyncDisposable>>;
}): void {
  describe(`${name}: contract of the rate limiter`, () => {
    let limiter: RateLimiter & Partial<AsyncDisposable>;
    beforeEach(async () => {
      limiter = await make();
    });
    afterEach(() => limiter[Symbol.asyncDispose]?.());

    const SLOW = { perMinute: 2, burst: 3 };

    async function take(bucket: string, count: number, policy = SLOW): Promise<readonly RateVerdict[]> {
      const verdicts: RateVerdict[] = [];
      for (let i = 0; i < count; i++) verdicts.push(await limiter.take(bucket, 1, policy));
      return verdicts;
    }

    it('allows as many as the rate and the burst together, and tells how many are left', async () => {
      const verdicts = await take('a', 6);

      expect(verdicts.map(({ isAllowed }) => isAllowed)).toEqual([true, true, true, true, true, false]);
      expect(verdicts.map(({ remaining }) => remaining)).toEqual([4, 3, 2, 1, 0, 0]);
      expect(verdicts.map(({ limit }) => limit)).toEqual([2, 2, 2, 2, 2, 2]);
    });

    it('tells when there is one again, and when all are', async () => {
      const before = Date.now();
      const verdict = (await take('a', 6)).at(-1);

      expect(verdict?.retryAfterMs).toBeGreaterThan(25_000);
      expect(verdict?.retryAfterMs).toBeLessThanOrEqual(30_000);
      // Five tokens at half a minute each.
      expect(verdict?.resetAt).toBeGreaterThan(before + 145_000);
      expect(verdict?.resetAt).toBeLessThanOrEqual(Date.now() + 150_001);
    });

    it('keeps each bucket for itself', async () => {
      await take('a', 6);

      expect(await limiter.take('b', 1, SLOW)).toMatchObject({ isAllowed: true, remaining: 4 });
    });

    it('takes all of what something costs, or nothing', async () => {
      await take('a', 3);

      expect(await limiter.take('a', 3, SLOW)).toMatchObject({ isAllowed: false, remaining: 2 });
      expect(await limiter.take('a', 2, SLOW)).toMatchObject({ isAllowed: true, remaining: 0 });
    });

    it('gives each token once to those who ask at the same time', async () => {
      const verdicts = await Promise.all(Array.from({ length: 50 }, () => limiter.take('a', 1, SLOW)));

      expect(verdicts.filter(({ isAllowed }) => isAllowed)).toHaveLength(5);
    });

    it('fills up again as time passes', async () => {
      const fast = { perMinute: 60_000, burst: 0 };
      await limiter.take('a', 60_000, fast);
      let verdict = await limiter.take('a', 10, fast);
      // One comes back each millisecond: what was missing is there as soon as it was said to be.
      for (const end = performance.now() + 5_000; !verdict.isAllowed && performance.now() < end; ) {
        await new Promise(setImmediate);
        verdict = await limiter.take('a', 10, fast);
      }

      expect(verdict.isAllowed).toBe(true);
    });

    it('is what was configured', () => {
      expect(limiter.whyAlone()).toBeNull();
    });
  });
}
