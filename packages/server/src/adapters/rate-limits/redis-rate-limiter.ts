/**
 * Buckets in Redis, for several servers that count together. Redis is never waited for: when it does not answer in time, this
 * server counts alone, says so once, and asks again every second whether Redis is back.
 *
 *   together --(an error, or no answer in time)--> alone --(an answer)--> together
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { describeTake } from '../../lib/token-bucket.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Log } from '../../ports/log.ts';
import type { RateLimiter, RatePolicy, RateVerdict } from '../../ports/rate-limiter.ts';
import { TAKE_SCRIPT } from './take-script.ts';
import { toBucket, toVerdict } from './to-verdict.ts';

export interface RedisLimiterDeps {
  /** Counts while Redis is away. */
  readonly alone: RateLimiter;
  readonly clock: Clock;
  readonly log: Log;
}

export interface RedisLimiterConfig {
  /** `redis[s]://[user[:password]@]host[:port][/database]`. Never logged: it may hold a password. */
  readonly url: string;
  /** How long a request waits for Redis. */
  readonly patienceMs?: number;
  /** How often it is asked whether it is back. */
  readonly askAgainMs?: number;
}

const KEY_PREFIX = 'volary:rate:';

/** Resolves when Redis has answered, or did not in time. Disposing closes the connection. */
export async function createRedisRateLimiter(
  { alone, clock, log }: RedisLimiterDeps,
  { url, patienceMs = 250, askAgainMs = 1_000 }: RedisLimiterConfig,
): Promise<RateLimiter & AsyncDisposable> {
  // Loaded only where it is configured: the package takes several megabytes.
  const { createClient } = await import('redis');
  const client = createClient({
    url,
    // What cannot be sent now is counted here, not later.
    disableOfflineQueue: true,
    socket: { connectTimeout: 5_000, reconnectStrategy: askAgainMs },
  });
  const closed = new AbortController();
  const standing = createStanding(log, closed.signal);
  let digest = '';

  // Each failed try to connect is told here too.
  client.on('error', standing.leave);
  const connecting = client.connect().catch(standing.leave);

  async function ask(): Promise<void> {
    try {
      digest = await inTime(client.scriptLoad(TAKE_SCRIPT), patienceMs);
      standing.join();
    } catch (error) {
      standing.leave(error);
    }
  }

  async function watch(): Promise<void> {
    while (!closed.signal.aborted) {
      await sleep(askAgainMs, undefined, { signal: closed.signal, ref: false }).catch(() => undefined);
      if (!standing.isTogether && client.isReady) await ask();
    }
  }

  async function takeTogether(bucket: string, cost: number, policy: RatePolicy): Promise<RateVerdict> {
    const { capacity, msPerToken } = toBucket(policy);
    const values = [String(capacity), String(msPerToken), String(cost)];
    try {
      const call = client.evalSha(digest, { keys: [KEY_PREFIX + bucket], arguments: values });
      const decided = readReply(await inTime(call, patienceMs));
      const now = clock.now();
      const take = describeTake({ capacity, msPerToken }, { ...decided, nowMs: now, cost });
      return toVerdict(take, { limit: policy.perMinute, nowMs: now, now });
    } catch (error) {
      standing.leave(error);
      return await alone.take(bucket, cost, policy);
    }
  }

  await Promise.race([connecting.then(ask), sleep(patienceMs, undefined, { ref: false })]);
  if (!standing.isTogether) standing.leave(new Error(`no answer within ${patienceMs} ms`));
  const watching = watch();
  return {
    take: (bucket, cost, policy) =>
      standing.isTogether ? takeTogether(bucket, cost, policy) : alone.take(bucket, cost, policy),
    whyAlone: () =>
      standing.isTogether ? null : 'Redis does not answer: rate limits are counted by each server alone.',
    async [Symbol.asyncDispose]() {
      closed.abort();
      client.destroy();
      await watching;
    },
  };
}

interface Standing {
  readonly isTogether: boolean;
  leave(error: unknown): void;
  join(): void;
}

/** Whether Redis counts, told to the log at each change alone: at first it does not, and nobody is to know. */
function createStanding(log: Log, closed: AbortSignal): Standing {
  let isTogether = false;
  let hasToldOfIt = false;
  return {
    get isTogether() {
      return isTogether;
    },
    leave(error) {
      isTogether = false;
      if (hasToldOfIt || closed.aborted) return;
      hasToldOfIt = true;
      log.warn('Redis does not answer: rate limits are counted by this server alone', { error });
    },
    join() {
      if (hasToldOfIt) log.info('Redis answers again: rate limits are shared');
      isTogether = true;
      hasToldOfIt = false;
    },
  };
}

function readReply(reply: unknown): { readonly isAllowed: boolean; readonly fillingMs: number } {
  const [isAllowed, fillingMs] = Array.isArray(reply) ? reply.map(Number) : [];
  if (fillingMs === undefined || Number.isNaN(fillingMs))
    throw new TypeError('Redis did not answer as the script does');
  return { isAllowed: isAllowed === 1, fillingMs };
}

/** Rejects when there is no answer in time; one that comes later is of no interest. */
function inTime<T>(answer: Promise<T>, limitMs: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no answer within ${limitMs} ms`)), limitMs);
    answer.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
