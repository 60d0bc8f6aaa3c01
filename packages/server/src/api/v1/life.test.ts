import { routes, type Vm } from '@volary/contract';
import { createClient, type VolaryClient } from '@volary/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADMIN_KEY, type RunningServer, runServer } from '../testing/run-server.ts';
import { send } from '../testing/send.ts';

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

describe('how a VM sleeps, and how long it lives', () => {
  it('is set when it is made, and shown', async () => {
    const asked = Date.now();

    const { vm } = await client.vms.create({
      ...{ name: 'made', start: false, auto_suspend: { idle_seconds: 60 }, auto_wake: false, ttl_seconds: 3600 },
    });

    expect(vm).toMatchObject({ auto_suspend: { idle_seconds: 60, cpu_below_percent: 5 }, auto_wake: false });
    expect(Date.parse(vm?.expires_at ?? '')).toBeGreaterThanOrEqual(asked + 3_600_000);
    expect(Date.parse(vm?.expires_at ?? '')).toBeLessThan(Date.now() + 3_601_000);
  });

  it('is changed at any time, each by itself', async () => {
    const before = await client.vms.get('bird');
    expect(before).toMatchObject({ auto_suspend: null, auto_wake: true, expires_at: null });

    const soon = new Date(Date.now() + 60_000_000).toISOString();
    await client.vms.update('bird', { expires_at: soon });
    await client.vms.update('bird', { auto_suspend: { idle_seconds: 30, cpu_below_percent: 0.5 } });
    const vm = await client.vms.update('bird', { auto_wake: false });

    const { phase, generation } = before;
    expect(vm).toMatchObject({ expires_at: soon, auto_wake: false, phase, generation });
    expect(vm.auto_suspend).toEqual({ idle_seconds: 30, cpu_below_percent: 0.5 });
    expect(await client.vms.update('bird', { expires_at: null, auto_suspend: null })).toMatchObject({
      ...{ expires_at: null, auto_suspend: null, auto_wake: false },
    });
    const { items } = await client.events.list({ types: ['vm.updated'] });
    expect(items.map(({ data }) => data['changed'])).toEqual([
      ['expires_at'],
      ['auto_suspend'],
      ['auto_wake'],
      ['auto_suspend', 'expires_at'],
    ]);
  });

  it('is changed only if the VM is still as it was, where that is asked for', async () => {
    const vm = await client.vms.get('bird');
    await client.vms.update('bird', { auto_wake: true }, { ifUnchangedSince: vm });

    await expect(client.vms.update('bird', { auto_wake: false }, { ifUnchangedSince: vm })).rejects.toMatchObject({
      status: 412,
    });
  });

  it.each([
    { ttl_seconds: 60, expires_at: '2099-01-01T00:00:00Z' },
    { expires_at: '2099-13-01T00:00:00Z' },
    { expires_at: 'tomorrow' },
    { ttl_seconds: 0 },
    { auto_suspend: { idle_seconds: 1 } },
    { auto_suspend: { idle_seconds: 60, cpu_below_percent: 0 } },
    { image: 'other' },
  ])('is not changed to %j', async (body) => {
    const answer = await send(server.url, routes.updateVm, { params: { ref: 'bird' }, body });

    expect(answer.status).toBe(400);
  });

  it('shows why a VM is suspended', async () => {
    await client.operations.finish((await client.vms.suspend('bird')).id);
    const vm: Vm = await client.vms.get('bird');

    expect(vm).toMatchObject({ phase: 'suspended', pid: null, desired: { power: 'suspended' } });
    expect(vm.suspension).toEqual({
      ...{ reason: 'requested', message: 'Suspended by admin.' },
      ...{ at: expect.any(String), problem: null },
    });
  });
});
