import { createClient, type VolaryClient } from '@volary/sdk';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ADMIN_KEY, type RunningServer, runServer } from '../testing/run-server.ts';

let server: RunningServer;
let client: VolaryClient;
beforeAll(async () => {
  server = await runServer();
  client = createClient({ baseUrl: server.url, apiKey: ADMIN_KEY });
});
afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
});

let count = 0;
/** What is answered to a key that may do this and nothing else, and would wait for what comes of it. */
async function askWith(permissions: readonly string[], method: string, path: string, body?: unknown) {
  count += 1;
  const { key } = await client.apiKeys.create({ name: `key-${count}`, permissions: [...permissions] });
  const response = await fetch(`${server.url}${path}`, {
    method,
    headers: {
      ...{ authorization: `Bearer ${key}`, prefer: 'wait=60' },
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: await response.json() };
}

it('tells whoever may make a change what has come of it, though they may read nothing', async () => {
  expect(await askWith(['vm:create'], 'POST', '/v1/vms', { name: 'shy' })).toMatchObject({
    status: 201,
    body: { name: 'shy', phase: 'running' },
  });
  expect(await askWith(['vm:power'], 'POST', '/v1/vms/shy/stop')).toMatchObject({
    status: 200,
    body: { phase: 'stopped' },
  });
  expect(await askWith(['volume:create'], 'POST', '/v1/volumes', { name: 'data', size_gib: 1 })).toMatchObject({
    status: 201,
    body: { name: 'data' },
  });
  expect(await askWith(['vm:delete'], 'DELETE', '/v1/vms/shy')).toMatchObject({
    status: 200,
    body: { kind: 'vm.delete', state: 'succeeded' },
  });

  expect((await askWith(['vm:create'], 'GET', '/v1/vms')).status).toBe(403);
});

it('tells whoever may make a workspace how it is', async () => {
  expect(await askWith(['workspace:create', 'vm:create'], 'POST', '/v1/workspaces', { name: 'desk' })).toMatchObject({
    status: 201,
    body: { name: 'desk', status: 'running' },
  });
});
