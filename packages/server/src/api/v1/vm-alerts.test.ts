import { routes } from '@volary/contract';
import { createClient, type VolaryClient } from '@volary/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADMIN_KEY, type RunningServer, runServer } from '../testing/run-server.ts';
import { send } from '../testing/send.ts';

const SERVERS = { cpu_percent: null, memory_percent: null, disk_percent: null, health: null };
let server: RunningServer;
let client: VolaryClient;

beforeAll(async () => {
  server = await runServer();
  client = createClient({ baseUrl: server.url, apiKey: ADMIN_KEY });
  await client.operations.finish((await client.vms.create({ name: 'bird' })).id);
});

afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
});

describe('the thresholds of a VM', () => {
  it('are those of the server, unless it is made with others', async () => {
    expect((await client.vms.get('bird')).alerts).toEqual(SERVERS);

    const { vm } = await client.vms.create({ name: 'made', start: false, alerts: { disk_percent: 80, health: 'off' } });

    expect(vm?.alerts).toEqual({ ...SERVERS, disk_percent: 80, health: 'off' });
  });

  it('are changed each by itself, without a restart, and kept in the history', async () => {
    await client.vms.update('bird', { alerts: { cpu_percent: 95, memory_percent: 'off' } });
    const vm = await client.vms.update('bird', { alerts: { cpu_percent: 50, health: 'on' } });

    expect(vm.alerts).toEqual({ cpu_percent: 50, memory_percent: 'off', disk_percent: null, health: 'on' });
    expect(vm).toMatchObject({ pending_changes: {}, restart_required: false });
    expect((await client.vms.update('bird', { alerts: { memory_percent: null } })).alerts.memory_percent).toBeNull();
    expect((await client.vms.update('bird', { alerts: null })).alerts).toEqual(SERVERS);
    const { items } = await client.vms.configHistory('bird');
    expect(items[0]?.changes).toEqual({
      'alerts.cpu_percent': { old: 50, new: null },
      'alerts.health': { old: 'on', new: null },
    });
  });

  it.each([
    { cpu_percent: 0 },
    { cpu_percent: 101 },
    { disk_percent: 1.5 },
    { memory_percent: 'on' },
    { health: 'default' },
    { swap_percent: 5 },
    'off',
  ])('are not %j', async (alerts) => {
    const answer = await send(server.url, routes.updateVm, { params: { ref: 'bird' }, body: { alerts } });

    expect(answer.status).toBe(400);
    expect((await client.vms.get('bird')).alerts).toEqual(SERVERS);
  });

  it('are those of each replica of a deployment that says so', async () => {
    await client.deployments.create({ name: 'web', replicas: 1, replica: { alerts: { memory_percent: 70 } } });
    await client.deployments.wait('web');

    const { vms } = await client.deployments.get('web');

    expect((await client.vms.get(vms[0] ?? '')).alerts).toEqual({ ...SERVERS, memory_percent: 70 });
  });
});
