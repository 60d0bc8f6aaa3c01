import { createClient, type VolaryClient } from '@volary/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADMIN_KEY } from '../../testing/run-server.ts';
import { runVolant, type Volant } from './volant.test-kit.ts';

let volant: Volant;
let client: VolaryClient;
beforeAll(async () => {
  volant = await runVolant();
  client = createClient({ baseUrl: volant.server.url, apiKey: ADMIN_KEY });
});
afterAll(async () => {
  await volant?.server[Symbol.asyncDispose]();
});

let count = 0;
/** What is answered to a key that may do this and nothing else. */
async function askWith(permissions: readonly string[], method: string, path: string, body?: unknown) {
  count += 1;
  const { key } = await client.apiKeys.create({ name: `key-${count}`, permissions: [...permissions] });
  const response = await fetch(`${volant.base}${path}`, {
    method,
    headers: { authorization: `Bearer ${key}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  const answer: Readonly<Record<string, unknown>> = text === '' ? {} : JSON.parse(text);
  return { status: response.status, body: answer };
}

/** Nothing that was refused has changed anything, and nothing that has changed is refused. */
describe('whoever may change something and read nothing', () => {
  it('stops, starts, restarts and deletes VMs, and is told so', async () => {
    await volant.ask('POST', '/vms', { name: 'shy', plugin: 'base' });
    await volant.until('/vms/shy', (vm: { readonly status: string }) => vm.status === 'running');

    expect(await askWith(['vm:power'], 'POST', '/vms/shy/stop')).toMatchObject({
      status: 200,
      body: { name: 'shy', status: 'stopped' },
    });
    expect(await askWith(['vm:power'], 'POST', '/vms/shy/start')).toMatchObject({ status: 200 });
    expect(await askWith(['vm:power'], 'POST', '/vms/shy/restart')).toMatchObject({ status: 200 });
    expect(await askWith(['vm:update'], 'PATCH', '/vms/shy/config', { resources: { vcpu: 2 } })).toMatchObject({
      status: 200,
    });
    expect(await askWith(['vm:delete'], 'DELETE', '/vms/shy?force=true')).toMatchObject({ status: 204 });
    expect((await volant.ask('GET', '/vms/shy')).status).toBe(404);
  });

  it('makes nothing from a plugin that it may not read, and nothing is there', async () => {
    const vm = await askWith(['vm:create'], 'POST', '/vms', { name: 'unborn', plugin: 'base' });
    const set = await askWith(['deployment:create'], 'POST', '/deployments', { name: 'unborn', plugin: 'base' });

    expect([vm.status, set.status]).toEqual([403, 403]);
    expect((await volant.ask('GET', '/vms/unborn')).status).toBe(404);
    expect((await volant.ask('GET', '/deployments/unborn')).status).toBe(404);
  });

  it('makes, scales and deletes deployments, and is told so', async () => {
    const making = ['deployment:create', 'template:read', 'network:read', 'vm:create'];
    expect(await askWith(making, 'POST', '/deployments', { name: 'set', plugin: 'base', replicas: 1 })).toMatchObject({
      status: 201,
      body: { name: 'set', plugin: 'base', replicas: 1 },
    });
    expect(
      await askWith(['deployment:update', 'network:read', 'vm:create', 'vm:delete'], 'PATCH', '/deployments/set', {
        replicas: 2,
      }),
    ).toMatchObject({ status: 200, body: { name: 'set', replicas: 2 } });
    expect(await askWith(['deployment:delete', 'vm:delete'], 'DELETE', '/deployments/set')).toMatchObject({
      status: 204,
    });
    expect((await volant.ask('GET', '/deployments/set')).status).toBe(404);
  });

  it('installs, disables and removes plugins, and is told so', async () => {
    const manifest = { name: 'quiet', version: '1.0.0' };
    expect(await askWith(['template:create'], 'POST', '/plugins', manifest)).toMatchObject({
      status: 201,
      body: { name: 'quiet', enabled: true },
    });
    expect(await askWith(['template:update'], 'POST', '/plugins/quiet/enabled', { enabled: false })).toMatchObject({
      status: 200,
      body: { name: 'quiet', enabled: false },
    });
    expect(await askWith(['template:delete'], 'DELETE', '/plugins/quiet')).toMatchObject({ status: 204 });
    expect((await volant.ask('GET', '/plugins/quiet')).status).toBe(404);
  });
});
