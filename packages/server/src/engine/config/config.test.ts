import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { needsRestart, pendingChanges, settingsOf } from '../../domain/vm/settings.ts';
import type { Vm } from '../../domain/vm/vm.ts';
import type { CreateVmRequest } from '../../domain/vm/vm-request.ts';
import { ADMIN, createInstallation, type Installation, type TestServer } from '../installation.test-kit.ts';
import { principalWith } from '../principals.test-kit.ts';

let installation: Installation;
let server: TestServer;

beforeEach(async () => {
  installation = createInstallation();
  server = await installation.start();
});
afterEach(async () => {
  await installation[Symbol.asyncDispose]();
});

const BIRD: CreateVmRequest = {
  ...{ name: 'bird', spec: { vcpuCount: 2 }, labels: { team: 'blue' }, metadata: { a: { b: 1, c: 2 } } },
  ...{ start: false, warmStart: 'auto' },
};

async function create(change: Partial<CreateVmRequest> = {}): Promise<Vm> {
  const { engine } = server;
  const { operation } = await engine.vms.create(ADMIN, { ...BIRD, ...change });
  await engine.operations.wait(ADMIN, operation.id, { timeoutMs: 5_000, signal: new AbortController().signal });
  return await engine.vms.get(ADMIN, 'bird');
}

async function finish(vm: Vm): Promise<Vm> {
  const { engine } = server;
  if (!('operationId' in vm.status)) throw new Error('nothing is under way');
  const waiting = { timeoutMs: 5_000, signal: new AbortController().signal };
  expect((await engine.operations.wait(ADMIN, vm.status.operationId, waiting)).state).toBe('succeeded');
  return await engine.vms.get(ADMIN, vm.id);
}

const history = async () => (await server.engine.vms.listRevisions(ADMIN, 'bird', { limit: 100, after: null })).items;

describe('how a VM is set', () => {
  it('is merged into what is set, in one revision that says what was changed', async () => {
    await create();
    const ann = { ...principalWith('ann', '*'), origin: { address: null, requestId: 'req_2' } };
    const change = {
      ...{ name: 'crow', labels: { team: null, tier: 'web' }, metadata: { a: { b: null, d: 3 } } },
      spec: { vcpuCount: 4, memoryMib: 512, diskGib: 9, network: { mode: 'none' } },
    } as const;

    const { vm, operation } = await server.engine.vms.update(ann, 'bird', change, {});

    expect(operation).toBeNull();
    expect(vm).toMatchObject({ name: 'crow', labels: { tier: 'web' }, metadata: { a: { c: 2, d: 3 } }, machine: null });
    expect(vm.spec).toMatchObject({
      vcpuCount: 4,
      memoryMib: 512,
      diskGib: 9,
      network: { mode: 'none', egress: 'deny' },
    });
    const { items } = await server.engine.vms.listRevisions(ADMIN, 'crow', { limit: 10, after: null });
    expect(items.map(({ number, author, requestId, cause }) => ({ number, author, requestId, cause }))).toEqual([
      { number: 2, author: 'ann', requestId: 'req_2', cause: { kind: 'changed' } },
      { number: 1, author: 'admin', requestId: null, cause: { kind: 'created' } },
    ]);
    expect(items[0]?.changes).toEqual({
      name: { old: 'bird', new: 'crow' },
      vcpus: { old: 2, new: 4 },
      memory_mib: { old: 256, new: 512 },
      disk_gib: { old: 8, new: 9 },
      'network.mode': { old: 'user', new: 'none' },
      'labels.team': { old: 'blue' },
      'labels.tier': { new: 'web' },
      'metadata.a.b': { old: 1 },
      'metadata.a.d': { new: 3 },
    });
    expect(items[0]?.settings).toEqual(settingsOf(vm));
  });

  it('is no revision, and no change of the VM, where nothing becomes other than it is', async () => {
    const before = await create();

    const { vm } = await server.engine.vms.update(
      ADMIN,
      'bird',
      { spec: { vcpuCount: 2 }, labels: { other: null } },
      {},
    );

    expect(vm.revision).toBe(before.revision);
    expect(await history()).toHaveLength(1);
  });

  it('is checked as a whole: every fault is told, and nothing is changed', async () => {
    const before = await create();

    const asked = server.engine.vms.update(ADMIN, 'bird', { spec: { vcpuCount: 65, memoryMib: 1, diskGib: 7 } }, {});

    await expect(asked).rejects.toMatchObject({
      code: 'invalid_argument',
      reason: 'request.invalid',
      details: { errors: [{ field: 'vcpus' }, { field: 'memory_mib' }, { field: 'disk_gib' }] },
    });
    const shrunk = server.engine.vms.update(ADMIN, 'bird', { spec: { diskGib: 7 } }, {});
    await expect(shrunk).rejects.toMatchObject({ reason: 'vm.disk_cannot_shrink', details: { minimum: 8, actual: 7 } });
    expect(await server.engine.vms.get(ADMIN, 'bird')).toEqual(before);
    expect(await history()).toHaveLength(1);
  });

  it('is refused with the figures where the host or a quota has not what is to be more', async () => {
    await create({ start: true });
    const { vms } = server.engine;

    await expect(vms.update(ADMIN, 'bird', { spec: { memoryMib: 1_000_000 } }, {})).rejects.toMatchObject({
      ...{ code: 'resource_exhausted', reason: 'host.no_memory' },
      details: { wanted_mib: 999_744, field: 'memory_mib' },
    });
    await expect(vms.update(ADMIN, 'bird', { spec: { diskGib: 16_000 } }, {})).rejects.toMatchObject({
      ...{ reason: 'host.no_disk', details: { wanted_gib: 15_992 } },
    });
    expect(await history()).toHaveLength(1);
  });

  it('is not changed to the name of another VM', async () => {
    await create();
    await server.engine.vms.create(ADMIN, { ...BIRD, name: 'crow' });

    await expect(server.engine.vms.update(ADMIN, 'bird', { name: 'crow' }, {})).rejects.toMatchObject({
      reason: 'vm.name_taken',
    });
    expect(await history()).toHaveLength(1);
  });

  it('goes back to a revision by another one, but for what cannot be had again', async () => {
    const first = await create();
    const { vms } = server.engine;
    await vms.update(ADMIN, 'bird', { spec: { vcpuCount: 3, diskGib: 9 }, labels: { team: 'red', x: 'y' } }, {});
    await vms.update(ADMIN, 'bird', { autoSuspend: { idleSeconds: 60, cpuBelowPercent: 5 }, metadata: { z: 1 } }, {});

    const { vm } = await vms.rollBack(ADMIN, 'bird', { number: 1 });

    expect(settingsOf(vm)).toEqual({ ...settingsOf(first), spec: { ...first.spec, diskGib: 9 } });
    const [latest, ...others] = await history();
    expect(latest).toMatchObject({ number: 4, cause: { kind: 'rolled-back', to: 1 } });
    expect(others.map(({ number }) => number)).toEqual([3, 2, 1]);
    await expect(vms.rollBack(ADMIN, 'bird', { number: 5 })).rejects.toMatchObject({
      ...{ reason: 'vm.unknown_revision', details: { latest: 4 } },
    });
  });

  it('has its history as long as the VM is there', async () => {
    const { id } = await create();
    const { operation } = await server.engine.vms.delete(ADMIN, 'bird', {});
    const waiting = { timeoutMs: 5_000, signal: new AbortController().signal };
    await server.engine.operations.wait(ADMIN, operation.id, waiting);

    expect(await server.store.vmRevisions.latest(id)).toBe(0);
  });

  it('has a first revision also where the VM is older than revisions are', async () => {
    const { id } = await create();
    await server.store.vmRevisions.delete(id);
    expect(await history()).toMatchObject([{ number: 1, author: 'admin', cause: { kind: 'created' } }]);

    await server.engine.vms.update(ADMIN, 'bird', { autoWake: false }, {});

    const [, first] = await history();
    expect(first).toMatchObject({ number: 1, changes: {}, settings: { spec: { autoWake: true } } });
    expect(await server.engine.vms.getRevision(ADMIN, 'bird', 2)).toMatchObject({
      changes: { auto_wake: { old: true, new: false } },
    });
  });
});

describe('a machine that runs', () => {
  const larger = { vcpuCount: 4, memoryMib: 512, diskGib: 9 };
  const events = async () =>
    (await server.engine.events.list(ADMIN, { after: null, limit: 200, types: ['vm.updated', 'vm.started'] })).map(
      ({ type }) => type,
    );

  it('is given at once what it can be given, in the same life', async () => {
    const before = await create({ start: true });

    const { vm, operation } = await server.engine.vms.update(ADMIN, 'bird', { spec: larger }, {});

    expect(operation).toMatchObject({ kind: 'vm.update' });
    expect(vm.status).toMatchObject({ phase: 'updating', operationId: operation?.id });
    const after = await finish(vm);
    expect(after).toMatchObject({ status: { phase: 'running' }, incarnation: 1, machine: larger });
    expect([pendingChanges(vm), pendingChanges(after)]).toMatchObject([{ vcpus: { old: 2, new: 4 } }, {}]);
    expect([needsRestart(vm), needsRestart(after)]).toEqual([false, false]);
    expect(after.startedAt).toBe(before.startedAt);
    expect(await events()).toEqual(['vm.started', 'vm.updated', 'vm.updated']);
  });

  it('is left as it is when that is asked for, and has all at its next start', async () => {
    await create({ start: true });

    const { vm, operation } = await server.engine.vms.update(ADMIN, 'bird', { spec: larger }, { apply: 'next-start' });

    expect(operation).toBeNull();
    expect(vm.status.phase).toBe('running');
    expect([pendingChanges(vm), needsRestart(vm)]).toMatchObject([{ vcpus: { old: 2, new: 4 } }, true]);
    const restarting = await server.engine.vms.restart(ADMIN, 'bird', { graceMs: 0 });
    const after = await finish(restarting.vm);
    expect([after.machine, pendingChanges(after)]).toMatchObject([larger, {}]);
  });

  it('does without what it cannot be given, until a restart', async () => {
    await create({ start: true });

    const { vm } = await server.engine.vms.update(ADMIN, 'bird', { spec: { ...larger, memoryMib: 300 } }, {});

    const after = await finish(vm);
    expect(after.machine).toMatchObject({ ...larger, memoryMib: 256 });
    expect(pendingChanges(after)).toEqual({ memory_mib: { old: 256, new: 300 } });
    expect(needsRestart(after)).toBe(true);
  });

  it('is left as it is when that fails, and is given it when it is asked for again', async () => {
    await create({ start: true, labels: { 'simulate.resize_error': 'unavailable:1' } });
    const { engine } = server;

    const { operation } = await engine.vms.update(ADMIN, 'bird', { spec: larger }, {});

    const waiting = { timeoutMs: 5_000, signal: new AbortController().signal };
    const failed = await engine.operations.wait(ADMIN, operation?.id ?? expect.fail(), waiting);
    expect(failed).toMatchObject({ state: 'failed', error: { reason: 'driver.simulated_fault' } });
    const lacking = await engine.vms.get(ADMIN, 'bird');
    expect(lacking).toMatchObject({ status: { phase: 'running' }, spec: larger, machine: { vcpuCount: 2 } });
    expect(needsRestart(lacking)).toBe(true);
    const again = await engine.vms.update(ADMIN, 'bird', { spec: larger }, {});
    expect((await finish(again.vm)).machine).toMatchObject(larger);
    expect(await history()).toHaveLength(2);
  });

  it('is given it when it goes on, if it was halted or asleep meanwhile', async () => {
    await create({ start: true });
    const { vms } = server.engine;
    await finish((await vms.pause(ADMIN, 'bird', {})).vm);
    const { vm: paused, operation } = await vms.update(ADMIN, 'bird', { spec: { vcpuCount: 3 } }, {});
    expect(operation).toBeNull();
    expect([pendingChanges(paused), needsRestart(paused)]).toEqual([{ vcpus: { old: 2, new: 3 } }, false]);
    expect((await finish((await vms.resume(ADMIN, 'bird', {})).vm)).machine).toMatchObject({ vcpuCount: 3 });

    await finish((await vms.suspend(ADMIN, 'bird', {})).vm);
    await vms.update(ADMIN, 'bird', { spec: larger }, {});
    const woken = await finish((await vms.resume(ADMIN, 'bird', {})).vm);
    expect(woken).toMatchObject({ status: { phase: 'running' }, incarnation: 1, machine: larger });
  });

  it('has what it was given in its snapshots and forks', async () => {
    await create({ start: true });
    const { vms, snapshots } = server.engine;
    await finish((await vms.update(ADMIN, 'bird', { spec: { ...larger, diskGib: 8 } }, {})).vm);
    await vms.update(ADMIN, 'bird', { spec: { vcpuCount: 1 } }, {});

    const { items } = await snapshots.fork(ADMIN, 'bird', { count: 1, names: ['crow'], namePrefix: null, labels: {} });

    const [item] = items;
    if (item?.kind !== 'accepted' || item.vm === null) throw new Error('there is no fork');
    const crow = await finish(item.vm);
    expect(crow).toMatchObject({ spec: { vcpuCount: 4, memoryMib: 512 }, machine: { vcpuCount: 4, memoryMib: 512 } });
  });

  it('is given it by the next server, when this one dies over it', async () => {
    await create({ start: true });
    await server.stop();
    const reached = Promise.withResolvers<void>();
    server = await installation.start((driver) => ({
      ...driver,
      resizeMachine: async (...asked) => {
        await driver.resizeMachine(...asked);
        reached.resolve();
        return await new Promise<never>((_, reject) => {
          asked[2].signal.addEventListener('abort', () => reject(asked[2].signal.reason));
        });
      },
    }));
    const { vm } = await server.engine.vms.update(ADMIN, 'bird', { spec: larger }, {});
    await reached.promise;
    await server.stop();

    server = await installation.start();

    expect((await finish(vm)).machine).toMatchObject(larger);
  });
});

describe('what a change comes to', () => {
  it('is there after a restart, and is told until then', async () => {
    await create({ start: true });
    const { vms } = server.engine;

    const { vm } = await vms.update(ADMIN, 'bird', { name: 'crow', spec: { vcpuCount: 1 } }, {});

    expect(vm).toMatchObject({ status: { phase: 'running' }, machine: { vcpuCount: 2, name: 'bird' } });
    const { vm: restarting } = await vms.restart(ADMIN, 'crow', { graceMs: 0 });
    expect((await finish(restarting)).machine).toMatchObject({ vcpuCount: 1, name: 'crow' });
  });

  it('is brought about by a restart that is asked for with it, by who may restart it', async () => {
    await create({ start: true });
    const { vms } = server.engine;
    const updater = principalWith('ann', 'vm:read', 'vm:update');
    const change = { spec: { vcpuCount: 1 } };

    await expect(vms.update(updater, 'bird', change, { apply: 'restart' })).rejects.toMatchObject({
      code: 'permission_denied',
    });
    const { vm, operation } = await vms.update(ADMIN, 'bird', change, { apply: 'restart' });

    expect(operation).toMatchObject({ kind: 'vm.restart' });
    expect(await finish(vm)).toMatchObject({ status: { phase: 'running' }, incarnation: 2, machine: { vcpuCount: 1 } });
    expect(await vms.update(ADMIN, 'bird', {}, { apply: 'restart' })).toMatchObject({ operation: null });
  });

  it('is nothing to a suspended machine, which goes on as what it was', async () => {
    await create({ start: true });
    const { vms } = server.engine;
    await finish((await vms.suspend(ADMIN, 'bird', {})).vm);
    await vms.update(ADMIN, 'bird', { spec: { vcpuCount: 1, network: { mode: 'none' } } }, {});

    const woken = await finish((await vms.resume(ADMIN, 'bird', {})).vm);

    expect(woken).toMatchObject({ status: { phase: 'running' }, incarnation: 1 });
    expect(woken.machine).toMatchObject({ vcpuCount: 2, networkMode: 'user' });
  });
});
