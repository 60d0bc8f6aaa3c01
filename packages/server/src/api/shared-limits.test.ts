import { routes } from '@volary/contract';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RedisServer, startRedis } from '../adapters/rate-limits/testing/redis-server.ts';
import { type RunningServer, runServer } from './testing/run-server.ts';
import { send } from './testing/send.ts';

let redis: RedisServer;
let servers: readonly RunningServer[];
beforeAll(async () => {
  redis = await startRedis();
  const settings = { VOLARY_REDIS_URL: redis.url, VOLARY_RATE_LIMIT: '1/min;burst=29' };
  servers = await Promise.all([runServer(settings), runServer(settings)]);
});
afterAll(async () => {
  for (const server of servers ?? []) await server[Symbol.asyncDispose]();
  await redis?.[Symbol.asyncDispose]();
});

describe('two servers with one Redis', () => {
  it('allow together what one would, and each alone when it is gone, saying so', async () => {
    const [one, two] = servers;
    const ask = async (server: RunningServer | undefined) => await send(server?.url ?? '', routes.getCapabilities, {});
    const answers = [];
    // One after the other: on a busy machine, many at once wait for Redis for so long that it counts as gone.
    for (let i = 0; i < 40; i++) answers.push(await ask(i % 2 === 0 ? one : two));

    const allowed = answers.filter(({ status }) => status === 200);
    expect(allowed).toHaveLength(30);
    expect(JSON.parse(allowed.at(-1)?.text ?? '{}').degraded).toEqual([]);

    await redis.kill();
    await expect.poll(async () => (await ask(one)).status).toBe(200);
    const { degraded } = JSON.parse((await ask(one)).text);
    expect(degraded).toEqual(['Redis does not answer: rate limits are counted by each server alone.']);
    expect(one?.log()).toContain('Redis does not answer: rate limits are counted by this server alone');
  });
});
