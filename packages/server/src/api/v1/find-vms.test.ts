import { createClient, type VolaryClient } from '@volary/sdk';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ADMIN_KEY, type RunningServer, runServer } from '../testing/run-server.ts';

let server: RunningServer;
let client: VolaryClient;
beforeAll(async () => {
  server = await runServer();
  client = createClient({ baseUrl: server.url, apiKey: ADMIN_KEY });
  for (const name of ['web-front', 'web-back', 'database'])
    await client.operations.finish((await client.vms.create({ name, start: false })).id);
});
afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
});

const namesOf = async (query: Parameters<VolaryClient['vms']['list']>[0]): Promise<readonly string[]> =>
  (await client.vms.list(query)).items.map(({ name }) => name);

it('VMs are found by a part of their name or id, in any case, page by page', async () => {
  const { id } = await client.vms.get('database');

  expect(await namesOf({ search: 'WEB-' })).toEqual(['web-front', 'web-back']);
  expect(await namesOf({ search: id.slice(-8) })).toEqual(['database']);
  expect(await namesOf({ search: '%' })).toEqual([]);
  const { items, next_cursor: cursor } = await client.vms.list({ search: 'web-', limit: 1 });
  expect(items.map(({ name }) => name)).toEqual(['web-front']);
  expect(await namesOf({ search: 'web-', limit: 1, cursor: cursor ?? '' })).toEqual(['web-back']);
});

it('VMs are found by the driver that runs them', async () => {
  expect(await namesOf({ driver: ['qemu', 'simulated'], search: 'web' })).toEqual(['web-front', 'web-back']);
  expect(await namesOf({ driver: ['qemu'] })).toEqual([]);
});

it('where a VM lies is null where it lies nowhere, and there is no such VM for whoever may not see it', async () => {
  await client.users.create({ name: 'bob', roles: ['member'] });
  const { key } = await client.apiKeys.create({ name: 'own', owner: 'bob' });
  const bob = createClient({ baseUrl: server.url, apiKey: key });

  expect(await client.vms.locate('database')).toEqual({ kernel_path: null, root_path: null, socket_path: null });
  await expect(bob.vms.locate('database')).rejects.toMatchObject({ status: 404, reason: 'vm.unknown' });
});

it('what keeps VMs from going to another host is told before they are asked to', async () => {
  expect((await client.capabilities()).why_no_migration).toMatch(/one host alone/);
});

it('a network tells what its bridge is called', async () => {
  const made = await client.networks.create({ name: 'blue', cidr: '10.80.0.0/24' });

  expect(made.bridge_name).toMatch(/^vb[0-9a-f]{12}$/);
  expect((await client.networks.get('blue')).bridge_name).toBe(made.bridge_name);
});
