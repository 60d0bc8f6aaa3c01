import { describe, expect, it } from 'vitest';
import { rateLimiterContract } from '../../ports/rate-limiter.contract.ts';
import { createManualClock } from '../shared/manual-clock.ts';
import { createSystemClock } from '../system/system-clock.ts';
import { createMemoryRateLimiter } from './memory-rate-limiter.ts';

rateLimiterContract({
  name: 'the limiter in memory',
  make: async () => createMemoryRateLimiter({ clock: createSystemClock() }),
});

const POLICY = { perMinute: 60, burst: 10 };

describe('the limiter in memory', () => {
  it('keeps no more buckets than it may, and forgets the one that was longest left alone', () => {
    const limiter = createMemoryRateLimiter({ clock: createManualClock() }, { maxBuckets: 3 });
    for (const name of ['a', 'b', 'c', 'a', 'd']) limiter.take(name, 5, POLICY);

    expect(limiter.size).toBe(3);
    expect(limiter.take('a', 5, POLICY).remaining).toBe(55);
    expect(limiter.take('b', 5, POLICY).remaining).toBe(65);
  });

  it('forgets buckets that are full again', async () => {
    const clock = createManualClock();
    const limiter = createMemoryRateLimiter({ clock });
    for (let i = 0; i < 100; i++) limiter.take(`a${i}`, 1, POLICY);
    await clock.advance(1_000);

    for (let i = 0; i < 60; i++) limiter.take('b', 1, POLICY);

    expect(limiter.size).toBe(1);
  });

  it('goes by the clock that only grows, and tells moments of the wall clock', async () => {
    const clock = createManualClock({ startsAt: 1_000_000 });
    const limiter = createMemoryRateLimiter({ clock });
    limiter.take('a', 70, POLICY);
    clock.jump(3_600_000);

    expect(limiter.take('a', 1, POLICY)).toEqual({
      ...{ isAllowed: false, limit: 60, remaining: 0, resetAt: 1_000_000 + 3_600_000 + 70_000, retryAfterMs: 1_000 },
    });
  });
});
