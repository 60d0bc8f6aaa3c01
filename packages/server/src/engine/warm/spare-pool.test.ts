import { afterEach, beforeEach, expect, test } from 'vitest';
import { createSimulatedDriver } from '../../adapters/drivers/simulated/simulated-driver.ts';
import { createSimulatedImages } from '../../adapters/drivers/simulated/simulated-images.ts';
import { createSystemIds } from '../../adapters/system/system-ids.ts';
import { VolaryError } from '../../domain/errors.ts';
import type { VmId } from '../../domain/ids.ts';
import { VM_DEFAULTS, type VmSpec } from '../../domain/vm/spec.ts';
import type { ImageSource } from '../../ports/image-source.ts';
import { ADMIN, type Installation, type TestServer } from '../installation.test-kit.ts';
import { create, finish, request, soon } from '../vm-life.test-kit.ts';
import { createWarmHost, createWarmInstallation, type WarmFaults, type WarmHost } from './warm-host.test-kit.ts';

/* Machines that are made ahead of their VMs. */

let installation: Installation;

beforeEach(() => {
  installation = createWarmInstallation({ sweepMs: 100, orphanGraceMs: 1 });
});
afterEach(async () => {
  await installation[Symbol.asyncDispose]();
});

/** A server with one VM, and one machine that waits for the next. */
async function startWithSpare(
  faults: WarmFaults = {},
): Promise<{ readonly server: TestServer; readonly host: WarmHost; readonly spare: VmId }> {
  const host = createWarmHost(faults);
  const server = await installation.start(host.wrap);
  await create(server, 'first');
  return { server, host, spare: await spareOf(host) };
}

async function spareOf({ spares }: WarmHost): Promise<VmId> {
  await expect.poll(() => spares.size, { timeout: 10_000 }).toBe(1);
  const [spare] = spares;
  if (spare === undefined) throw new Error('there is no spare');
  return spare;
}

async function allTypes(server: TestServer): Promise<readonly string[]> {
  return (await server.engine.events.list(ADMIN, { after: 0, limit: 500 })).map(({ type }) => type);
}

test('the next VM of a kind is given the machine that waits, and another one is made', {
  timeout: 20_000,
}, async () => {
  const { server, host, spare } = await startWithSpare();
  const pid = (await installation.world.vms.get(spare))?.observe().machine;

  const { operation, vm } = await server.engine.vms.create(ADMIN, request('second'));

  expect(vm.id).toBe(spare);
  expect(await finish(server, operation)).toMatchObject({ state: 'succeeded' });
  const second = await server.engine.vms.get(ADMIN, 'second');
  expect(second).toMatchObject({ status: { phase: 'running' }, incarnation: 1, health: 'healthy' });
  expect(pid).toMatchObject({ kind: 'paused', pid: second.pid });
  expect(host.begunFrom).toEqual([null]);
  // Two were asked for.
  await expect.poll(() => host.spares.size, { timeout: 10_000 }).toBe(2);
  expect(host.spares.has(spare)).toBe(false);
});

test('a machine that waits is of no use to VMs of another kind, and to those that are to boot', {
  timeout: 20_000,
}, async () => {
  const { server, spare } = await startWithSpare();

  const larger = await server.engine.vms.create(ADMIN, { ...request('larger'), spec: { memoryMib: 512 } });
  const booting = await server.engine.vms.create(ADMIN, { ...request('booting'), warmStart: 'never' });

  expect([larger.vm.id, booting.vm.id]).not.toContain(spare);
});

test('a machine that is taken while another is made is not given a second time', { timeout: 20_000 }, async () => {
  const gate = Promise.withResolvers<void>();
  let making = 0;
  const { server, spare, host } = await startWithSpare({
    make: async () => {
      making += 1;
      if (making > 1) await gate.promise;
    },
  });
  // It is expected that two more are asked for: one waits, and the other one is being made.
  const booting = await server.engine.vms.create(ADMIN, { ...request('larger'), spec: { memoryMib: 512 } });
  await finish(server, booting.operation);
  await expect.poll(() => making, { timeout: 10_000 }).toBe(2);
  const second = await server.engine.vms.create(ADMIN, request('second'));
  expect(second.vm.id).toBe(spare);
  gate.resolve();
  await expect.poll(() => host.spares.size, { timeout: 10_000 }).toBeGreaterThan(0);

  const third = await server.engine.vms.create(ADMIN, request('third'));

  expect(third.vm.id).not.toBe(spare);
  expect(await finish(server, second.operation)).toMatchObject({ state: 'succeeded' });
  expect(await finish(server, third.operation)).toMatchObject({ state: 'succeeded' });
});

test('a creation that is refused leaves the machine to the next', { timeout: 20_000 }, async () => {
  const { server, spare } = await startWithSpare();

  await expect(server.engine.vms.create(ADMIN, request('first'))).rejects.toMatchObject({ reason: 'vm.name_taken' });

  expect((await server.engine.vms.create(ADMIN, request('second'))).vm.id).toBe(spare);
});

test('a VM whose machine turns out to be of no use begins as others do', { timeout: 20_000 }, async () => {
  const { server, host, spare } = await startWithSpare({
    give: async () => {
      throw new VolaryError('unavailable', 'It does not answer.', { reason: 'driver.qmp_lost' });
    },
  });

  const { operation, vm } = await server.engine.vms.create(ADMIN, request('second'));

  expect(vm.id).toBe(spare);
  expect(await finish(server, operation)).toMatchObject({ state: 'succeeded' });
  expect(host.begunFrom).toEqual([null, '256 MiB']);
});

const USES: readonly (readonly [string, (server: TestServer) => Promise<unknown>])[] = [
  ['created', ({ engine }) => engine.vms.create(ADMIN, { ...request('another'), spec: { memoryMib: 200 } })],
  ['started', ({ engine }) => engine.vms.start(ADMIN, 'stopped', {})],
  ['restarted', ({ engine }) => engine.vms.restart(ADMIN, 'stopped', { graceMs: 0 })],
  ['resumed', ({ engine }) => engine.vms.resume(ADMIN, 'suspended', {})],
  ['woken', ({ engine }) => engine.files.stat(ADMIN, 'suspended', '/', soon)],
  [
    'forked',
    ({ engine }) => engine.snapshots.fork(ADMIN, 'first', { count: 1, names: null, namePrefix: null, labels: {} }),
  ],
];

test.each(USES)('machines that wait give their memory to a VM that is %s', { timeout: 20_000 }, async (_, use) => {
  const host = createWarmHost();
  let isFull = false;
  const server = await installation.start(host.wrap, undefined, (probe) => ({
    async measure() {
      const facts = await probe.measure();
      return isFull && host.spares.size > 0 ? { ...facts, memoryAvailableMib: 700 } : facts;
    },
  }));
  const { vms } = server.engine;
  await create(server, 'first');
  await create(server, 'stopped');
  await finish(server, (await vms.stop(ADMIN, 'stopped', { graceMs: 0 })).operation);
  await create(server, 'suspended');
  await finish(server, (await vms.suspend(ADMIN, 'suspended', {})).operation);
  await expect.poll(() => host.spares.size, { timeout: 10_000 }).toBeGreaterThan(1);
  isFull = true;

  await expect(vms.create(ADMIN, { ...request('giant'), spec: { memoryMib: 1_048_576 } })).rejects.toMatchObject({
    reason: 'host.no_memory',
  });
  expect(host.spares.size).toBeGreaterThan(1);
  await use(server);
});

/** Until somebody builds it, the image is what it was. */
function rebuildable(): { readonly wrap: (images: ImageSource) => ImageSource; readonly change: () => void } {
  let isChanged = false;
  let isRebuilt = false;
  const digest = 'f'.repeat(64);
  const wrap = (images: ImageSource): ImageSource => ({
    ...images,
    list: async () => (await images.list()).flatMap((image) => [...(isRebuilt ? [{ ...image, digest }] : []), image]),
    async find(name) {
      const image = await images.find(name);
      if (!isChanged) return image;
      return image !== null && isRebuilt ? { ...image, digest } : null;
    },
    async ensure(name, options) {
      const image = await images.ensure(name, options);
      isRebuilt = isChanged;
      return isRebuilt ? { ...image, digest } : image;
    },
  });
  return {
    wrap,
    change() {
      isChanged = true;
    },
  };
}

test('machines of an image that was built anew end at once, and are given to nobody', { timeout: 20_000 }, async () => {
  const host = createWarmHost();
  const { wrap, change } = rebuildable();
  const server = await installation.start(host.wrap, wrap);
  await create(server, 'first');
  const spare = await spareOf(host);
  change();

  await finish(server, await server.engine.images.build(ADMIN, 'base'));

  expect(installation.world.vms.has(spare)).toBe(false);
  const { operation, vm } = await server.engine.vms.create(ADMIN, request('second'));
  expect(vm.id).not.toBe(spare);
  await finish(server, operation);
  expect((await server.engine.vms.get(ADMIN, 'second')).imageDigest).toBe('f'.repeat(64));
});

test('so do those of an image that is removed', { timeout: 20_000 }, async () => {
  const { server, spare } = await startWithSpare();
  await finish(server, (await server.engine.vms.delete(ADMIN, 'first', {})).operation);
  expect(installation.world.vms.has(spare)).toBe(true);

  await server.engine.images.remove(ADMIN, 'base');

  expect(installation.world.vms.has(spare)).toBe(false);
});

test('one that is being made of an image which is removed is never complete', { timeout: 20_000 }, async () => {
  const making = Promise.withResolvers<void>();
  let count = 0;
  const { server } = await startWithSpare({
    make: async (signal) => {
      count += 1;
      if (count === 1) return;
      making.resolve();
      await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true }));
    },
  });
  await create(server, 'second');
  await making.promise;
  for (const name of ['first', 'second'])
    await finish(server, (await server.engine.vms.delete(ADMIN, name, {})).operation);

  await server.engine.images.remove(ADMIN, 'base');

  expect(installation.world.vms.size).toBe(0);
  expect(count).toBe(2);
});

test('a server that stops leaves no machine without a VM', { timeout: 20_000 }, async () => {
  const { server, spare } = await startWithSpare();
  await server.stop();
  expect(installation.world.vms.has(spare)).toBe(false);
  expect(installation.world.vms.size).toBe(1);
});

test('what a killed server has left is ended by the next, and is no orphan', { timeout: 20_000 }, async () => {
  const host = createWarmHost();
  const driver = host.wrap(createSimulatedDriver({ world: installation.world }));
  const image = await createSimulatedImages().ensure('base', {
    signal: new AbortController().signal,
    onProgress: () => undefined,
  });
  const spec: VmSpec = { ...VM_DEFAULTS, network: { mode: 'user', egress: 'deny' } };
  const vmId = createSystemIds().create('vm');
  const machine = { vmId, incarnation: 1, spec, image };
  const options = { signal: new AbortController().signal };
  const template = await driver.warm?.build({ ...machine, name: 'like', labels: {} }, options);
  await driver.warm?.startSpare(machine, { ...options, key: template?.key ?? '' });
  await driver[Symbol.asyncDispose]();

  const server = await installation.start(host.wrap);

  await expect.poll(() => installation.world.vms.has(vmId), { timeout: 10_000 }).toBe(false);
  expect(await allTypes(server)).not.toContain('vm.orphan_reaped');
});
