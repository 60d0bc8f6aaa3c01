import { join } from 'node:path';
import { createClient } from '@volary/sdk';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { until } from '../lib/testing/until.ts';
import { ADMIN_KEY, type RunningServer, runServer } from './testing/run-server.ts';

let server: RunningServer;

beforeAll(async () => {
  server = await runServer();
});
afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
});

/** The answer of `/readyz` as soon as it has this status; it is asked without a key. */
async function readiness(status: number): Promise<unknown> {
  const { answer } = await until(async () => {
    const response = await fetch(`${server.url}/readyz`);
    const seen: unknown = await response.json();
    return response.status === status ? { answer: seen } : null;
  }, `a status of ${status}`);
  return answer;
}

it('says by 503 which part keeps the server from taking work, and shows all parts to who may see them', async () => {
  const { system } = createClient({ baseUrl: server.url, apiKey: ADMIN_KEY });
  const before = await system.health();
  const other = new Database(join(server.dataDir, 'volary.db'));
  other.exec('BEGIN IMMEDIATE');

  const problem = await readiness(503);
  const during = await system.health();
  other.exec('ROLLBACK');
  other.close();

  expect(problem).toMatchObject({ reason: 'server.not_ready', retryable: true, details: { component: 'database' } });
  expect(during.status).toBe('failed');
  expect(during.components.filter(({ status }) => status === 'failed').map(({ name }) => name)).toEqual(['database']);
  expect(await readiness(200)).toEqual({ status: 'ready' });
  expect(before.components.map(({ name }) => name)).toContain('driver.simulated');
});
