import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Bucket, type Take, takeTokens } from './token-bucket.ts';

const BUCKET: Bucket = { capacity: 120, msPerToken: 600 };

function takeMany(bucket: Bucket, moments: readonly number[], cost = 1): readonly Take[] {
  let fullAtMs: number | null = null;
  return moments.map((nowMs) => {
    const take = takeTokens(bucket, { fullAtMs, nowMs, cost });
    fullAtMs = take.fullAtMs;
    return take;
  });
}

describe('a token bucket', () => {
  it('gives all it holds at once, and then one for each that comes back', () => {
    const takes = takeMany(BUCKET, [...Array.from({ length: 121 }, () => 5_000), 5_599, 5_600, 5_601]);

    expect(takes.map(({ isAllowed }) => isAllowed)).toEqual([...Array(120).fill(true), false, false, true, false]);
    expect(takes.map(({ remaining }) => remaining).slice(0, 2)).toEqual([119, 118]);
    expect(takes[119]).toEqual({ isAllowed: true, fullAtMs: 77_000, remaining: 0, retryAfterMs: 0 });
    expect(takes[120]).toEqual({ isAllowed: false, fullAtMs: 77_000, remaining: 0, retryAfterMs: 600 });
    expect(takes[121]?.retryAfterMs).toBe(1);
  });

  it('never gives more than it ever holds', () => {
    expect(takeTokens(BUCKET, { fullAtMs: null, nowMs: 0, cost: 121 })).toMatchObject({
      isAllowed: false,
      remaining: 120,
      retryAfterMs: Number.POSITIVE_INFINITY,
    });
  });

  it('gives in any span no more than it holds and what comes back, and refuses nobody who keeps to that', () => {
    const buckets = fc.record({
      capacity: fc.integer({ min: 1, max: 50 }),
      msPerToken: fc.double({ min: 0.5, max: 2_000, noNaN: true }),
    });
    const gaps = fc.array(fc.double({ min: 0, max: 3_000, noNaN: true }), { maxLength: 80 });
    fc.assert(
      fc.property(buckets, gaps, (bucket, waits) => {
        let nowMs = 0;
        const moments = waits.map((wait) => (nowMs += wait));
        const takes = takeMany(bucket, moments);
        const given = moments.filter((_, i) => takes[i]?.isAllowed);

        // Held against a bucket that is written out: tokens, filled by the time that passed.
        let tokens = bucket.capacity;
        let lastMs = 0;
        const expected = moments.filter((at) => {
          tokens = Math.min(bucket.capacity, tokens + (at - lastMs) / bucket.msPerToken);
          lastMs = at;
          if ((1 - tokens) * bucket.msPerToken > 1e-3) return false;
          tokens -= 1;
          return true;
        });
        expect(given).toEqual(expected);
      }),
    );
  });

  it('says truly when the same take is allowed', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 200 }), (cost, already) => {
        const bucket = { capacity: 20, msPerToken: 37.5 };
        const fullAtMs = Math.min(already, 20) * bucket.msPerToken;
        const { isAllowed, retryAfterMs } = takeTokens(bucket, { fullAtMs, nowMs: 0, cost });

        expect(takeTokens(bucket, { fullAtMs, nowMs: retryAfterMs, cost }).isAllowed).toBe(true);
        if (!isAllowed) expect(takeTokens(bucket, { fullAtMs, nowMs: retryAfterMs - 1, cost }).isAllowed).toBe(false);
      }),
    );
  });
});
