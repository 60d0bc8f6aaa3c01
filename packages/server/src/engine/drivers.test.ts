import { afterEach, beforeEach, expect, it } from 'vitest';
import { createSimulatedDriver } from '../adapters/drivers/simulated/simulated-driver.ts';
import { createSimulatedWorld, type SimulatedWorld } from '../adapters/drivers/simulated/simulated-world.ts';
import { createSystemClock } from '../adapters/system/system-clock.ts';
import type { Driver } from '../ports/driver.ts';
import { createDrivers } from './drivers.ts';
import { ADMIN, createInstallation, type Installation, type TestServer } from './installation.test-kit.ts';
import { create, finish, request } from './vm-life.test-kit.ts';

/* A host with two drivers: the second one is the simulated one in a world of its own, which can less. */

let installation: Installation;
let world: SimulatedWorld;
let other: Driver;

beforeEach(() => {
  installation = createInstallation({ settings: { sweepMs: 50, orphanGraceMs: 50 } });
  world = createSimulatedWorld({ clock: createSystemClock() });
  const driver = createSimulatedDriver({ world });
  const capabilities = { ...driver.capabilities, supportsPause: false, supportsSnapshots: false };
  other = { ...driver, kind: 'other', capabilities, warm: null, packs: null };
  installation.otherDrivers.push(other);
});
afterEach(async () => {
  await installation[Symbol.asyncDispose]();
  await other[Symbol.asyncDispose]();
});

async function createByOther(server: TestServer, name: string): Promise<void> {
  const { operation } = await server.engine.vms.create(ADMIN, { ...request(name), driver: 'other' });
  expect(await finish(server, operation)).toMatchObject({ state: 'succeeded' });
}

it('runs each VM by the driver that it was made with', async () => {
  const server = await installation.start();
  await create(server, 'bird');
  await createByOther(server, 'fish');

  const { vms } = server.engine;
  expect(await vms.get(ADMIN, 'bird')).toMatchObject({ driver: 'simulated', status: { phase: 'running' } });
  expect(await vms.get(ADMIN, 'fish')).toMatchObject({ driver: 'other', status: { phase: 'running' } });
  expect([installation.world.vms.size, world.vms.size]).toEqual([1, 1]);
  const files = await server.engine.files.list(ADMIN, 'fish', '/', { limit: 1, signal: new AbortController().signal });
  expect(files.files).toHaveLength(1);
  await finish(server, (await vms.delete(ADMIN, 'fish', {})).operation);
  expect([installation.world.vms.size, world.vms.size]).toEqual([1, 0]);
});

it('promises what the driver of the VM can, not what the first can', async () => {
  const server = await installation.start();
  await createByOther(server, 'fish');

  const { vms, snapshots } = server.engine;
  const saving = { name: null, description: '', labels: {} };
  await expect(vms.pause(ADMIN, 'fish', {})).rejects.toMatchObject({ reason: 'driver.cannot_pause' });
  await expect(vms.suspend(ADMIN, 'fish', {})).rejects.toMatchObject({ reason: 'driver.no_snapshots' });
  await expect(snapshots.create(ADMIN, 'fish', saving)).rejects.toMatchObject({ reason: 'driver.no_snapshots' });
  const tools = { ...request('crab'), driver: 'other', tools: ['nodejs'] };
  await expect(vms.create(ADMIN, tools)).rejects.toMatchObject({ reason: 'driver.no_tools' });
  const warm = { ...request('crab'), driver: 'other', warmStart: 'require' } as const;
  await expect(vms.create(ADMIN, warm)).rejects.toMatchObject({ reason: 'vm.no_warm_template' });
});

it('refuses a driver that is not there, and says which are', async () => {
  const server = await installation.start();

  await expect(server.engine.vms.create(ADMIN, { ...request('bird'), driver: 'vax' })).rejects.toMatchObject({
    code: 'unsupported',
    reason: 'driver.unknown',
    details: { field: 'driver', allowed: ['simulated', 'other'] },
  });
  expect(() => createDrivers(other, [other])).toThrow(RangeError);
});

it('says of a VM whose driver is missing that it is, and goes on with it when that is back', async () => {
  const first = await installation.start();
  await createByOther(first, 'fish');
  await first.stop();
  installation.otherDrivers.length = 0;
  const without = await installation.start();

  await expect(without.engine.vms.suspend(ADMIN, 'fish', {})).rejects.toMatchObject({
    code: 'unavailable',
    reason: 'driver.not_configured',
  });
  const { operation } = await without.engine.vms.delete(ADMIN, 'fish', {});
  await without.stop();
  installation.otherDrivers.push(other);
  const back = await installation.start();

  expect(await finish(back, operation)).toMatchObject({ state: 'succeeded' });
  expect(world.vms.size).toBe(0);
});

it('tells what each of them can, and which cannot be used', async () => {
  const server = await installation.start();

  const { driver, drivers } = await server.engine.capabilities();

  expect(driver).toBe('simulated');
  expect(drivers).toMatchObject([
    { kind: 'simulated', whyNot: null, supportsSnapshots: true },
    { kind: 'other', whyNot: null, supportsSnapshots: false },
  ]);
});
