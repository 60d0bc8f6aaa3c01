import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Log } from '../../ports/log.ts';
import { rateLimiterContract } from '../../ports/rate-limiter.contract.ts';
import type { RateLimiter } from '../../ports/rate-limiter.ts';
import { createSystemClock } from '../system/system-clock.ts';
import { createMemoryRateLimiter } from './memory-rate-limiter.ts';
import { createRedisRateLimiter } from './redis-rate-limiter.ts';
import { type RedisServer, startRedis } from './testing/redis-server.ts';

const clock = createSystemClock();
const POLICY = { perMinute: 1, burst: 9 };

let redis: RedisServer;
let databases = 0;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis?.[Symbol.asyncDispose]());

interface Told extends Log {
  readonly lines: string[];
  /** Resolves when this has been told `times` times. */
  until(message: RegExp, times?: number): Promise<void>;
}

function createTold(): Told {
  const lines: string[] = [];
  const waiting = new Set<() => void>();
  const tell = (line: string): void => {
    lines.push(line);
    for (const look of waiting) look();
  };
  const log: Told = {
    lines,
    debug() {},
    info: tell,
    warn: tell,
    error: tell,
    child: () => log,
    until: (message, times = 1) =>
      new Promise((resolve) => {
        const look = (): void => {
          if (lines.filter((line) => message.test(line)).length < times) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        look();
      }),
  };
  return log;
}

/** A limiter; those of one `database` share their buckets. */
function make(
  log: Log = createTold(),
  database = databases++,
  patienceMs = 200,
): Promise<RateLimiter & AsyncDisposable> {
  const deps = { alone: createMemoryRateLimiter({ clock }), clock, log };
  return createRedisRateLimiter(deps, { url: `${redis.url}/${database}`, patienceMs, askAgainMs: 20 });
}

// A machine that is busy with other tests is no Redis that is gone.
rateLimiterContract({ name: 'the limiter in Redis', make: () => make(createTold(), databases++, 10_000) });

describe('the limiter in Redis', () => {
  it('counts what several servers give together', async () => {
    const database = databases++;
    await using first = await make(createTold(), database);
    await using second = await make(createTold(), database);

    const verdicts = await Promise.all(
      Array.from({ length: 40 }, (_, i) => (i % 2 === 0 ? first : second).take('a', 1, POLICY)),
    );

    expect(verdicts.filter(({ isAllowed }) => isAllowed)).toHaveLength(10);
  });

  it('counts alone while Redis is gone, says so once, and together again when it is back', async () => {
    const log = createTold();
    await using limiter = await make(log);
    await limiter.take('a', 10, POLICY);

    await redis.kill();
    await log.until(/by this server alone/);
    const verdicts = [];
    for (let i = 0; i < 12; i++) verdicts.push(await limiter.take('a', 1, POLICY));

    expect(verdicts.filter(({ isAllowed }) => isAllowed)).toHaveLength(10);
    expect(limiter.whyAlone()).toContain('Redis does not answer');

    await redis.start();
    await log.until(/are shared/);
    expect(limiter.whyAlone()).toBeNull();
    expect(await limiter.take('a', 1, POLICY)).toMatchObject({ isAllowed: true, remaining: 9 });
    expect(log.lines).toEqual([
      'Redis does not answer: rate limits are counted by this server alone',
      'Redis answers again: rate limits are shared',
    ]);
  });

  it('does not wait for a Redis that is silent', async () => {
    const log = createTold();
    await using limiter = await make(log);
    redis.pause();
    const startedMs = performance.now();

    const verdicts = await Promise.all(Array.from({ length: 12 }, () => limiter.take('a', 1, POLICY)));

    expect(performance.now() - startedMs).toBeLessThan(2_000);
    expect(verdicts.filter(({ isAllowed }) => isAllowed)).toHaveLength(10);
    // It waits for nothing any more: the verdict is there at once.
    expect(limiter.take('b', 1, POLICY)).not.toBeInstanceOf(Promise);
    redis.resume();
    await log.until(/are shared/);
    expect(log.lines).toHaveLength(2);
  });

  it('starts without Redis, and takes it up when it comes', async () => {
    await redis.kill();
    const log = createTold();
    await using limiter = await make(log);

    expect(limiter.whyAlone()).not.toBeNull();
    expect(await limiter.take('a', 1, POLICY)).toMatchObject({ isAllowed: true, remaining: 9 });
    await redis.start();
    await log.until(/are shared/);
    expect(await limiter.take('a', 1, POLICY)).toMatchObject({ isAllowed: true, remaining: 9 });
  });
});
