import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ADMIN, createInstallation, type Installation } from '../installation.test-kit.ts';
import { create, finish, request, soon } from '../vm-life.test-kit.ts';
import { dyingAt, get, restoredRequest, save, snapshotRequest, tell, told } from './snapshots.test-kit.ts';

let installation: Installation;

beforeEach(() => {
  installation = createInstallation();
});
afterEach(async () => {
  await installation[Symbol.asyncDispose]();
});

describe('a snapshot', () => {
  it('is made while its VM goes on, and VMs that are made from it begin there', async () => {
    const server = await installation.start();
    const { engine } = server;
    await create(server, 'bird');
    await tell(server, 'bird', 'before');

    const { snapshot, operation } = await engine.snapshots.create(ADMIN, 'bird', snapshotRequest('egg'));
    expect(snapshot).toMatchObject({ state: 'creating', source: { name: 'bird' }, operationId: operation.id });
    expect(await finish(server, operation)).toMatchObject({ kind: 'snapshot.create', state: 'succeeded' });
    await tell(server, 'bird', 'after');
    const made = await engine.snapshots.createVm(ADMIN, 'egg', restoredRequest('chick', { diskGib: 9 }));

    expect(await finish(server, made.operation)).toMatchObject({ state: 'succeeded' });
    expect(await told(server, 'chick')).toBe('before');
    expect(await told(server, 'chick', '/etc/hostname')).toBe('chick');
    expect(await told(server, 'bird')).toBe('after');
    expect(await engine.snapshots.get(ADMIN, 'egg')).toMatchObject({
      state: 'ready',
      operationId: null,
      sizeBytes: expect.any(Number),
      haltedMs: expect.any(Number),
    });
    expect(await get(server, 'chick')).toMatchObject({
      origin: { snapshotId: snapshot.id, incarnation: 1, disk: 'made' },
      spec: { diskGib: 9, memoryMib: 256 },
    });
    const events = await engine.events.list(ADMIN, { after: 0, limit: 100, vm: 'bird' });
    expect(events.map(({ type }) => type).filter((type) => type.startsWith('snapshot'))).toEqual([
      'snapshot.created',
      'snapshot.ready',
    ]);
  });

  it('is what a VM begins from once: its later lives boot', async () => {
    const server = await installation.start();
    await create(server, 'bird');
    await save(server, 'bird', 'egg');
    await finish(server, (await server.engine.snapshots.createVm(ADMIN, 'egg', restoredRequest('chick'))).operation);
    await tell(server, 'chick', 'own');
    await finish(server, (await server.engine.snapshots.delete(ADMIN, 'egg')).operation);

    const restart = await server.engine.vms.restart(ADMIN, 'chick', { graceMs: 0 });

    expect((await finish(server, restart.operation)).state).toBe('succeeded');
    expect(await told(server, 'chick')).toBe('own');
  });

  it('can be made of a paused VM, and of none that is stopped', async () => {
    const server = await installation.start();
    const { engine } = server;
    await create(server, 'bird');
    await finish(server, (await engine.vms.pause(ADMIN, 'bird', {})).operation);

    expect((await save(server, 'bird', 'egg')).state).toBe('succeeded');
    expect((await get(server, 'bird')).status.phase).toBe('paused');
    await finish(server, (await engine.vms.stop(ADMIN, 'bird', { graceMs: 0 })).operation);

    await expect(engine.snapshots.create(ADMIN, 'bird', snapshotRequest())).rejects.toMatchObject({
      code: 'failed_precondition',
      reason: 'vm.not_running',
      details: { phase: 'stopped' },
    });
  });

  it('has a name of its own, and is refused where there are as many as there may be', async () => {
    await installation[Symbol.asyncDispose]();
    installation = createInstallation({ settings: { maxSnapshots: 2 } });
    const server = await installation.start();
    const { snapshots } = server.engine;
    await create(server, 'bird');
    await save(server, 'bird', 'egg');

    await expect(snapshots.create(ADMIN, 'bird', snapshotRequest('egg'))).rejects.toMatchObject({
      reason: 'snapshot.name_taken',
    });
    await expect(snapshots.create(ADMIN, 'bird', snapshotRequest('Egg'))).rejects.toMatchObject({
      reason: 'snapshot.invalid_name',
    });
    await save(server, 'bird', 'second');
    await expect(snapshots.create(ADMIN, 'bird', snapshotRequest())).rejects.toMatchObject({
      code: 'resource_exhausted',
      reason: 'snapshot.too_many',
    });
  });

  it('fails with the cause when its VM ends before it is saved', async () => {
    const server = await installation.start();
    const { engine } = server;
    await create(server, 'bird', { 'simulate.save_delay_ms': '200' });
    const { operation } = await engine.snapshots.create(ADMIN, 'bird', snapshotRequest('egg'));

    const { id } = await get(server, 'bird');
    installation.world.vms.get(id)?.endByItself({ cause: 'vmm-died', detail: 'It was killed.' });

    expect(await finish(server, operation)).toMatchObject({
      state: 'failed',
      error: {
        code: 'failed_precondition',
        reason: 'snapshot.source_ended',
        message: expect.stringContaining('killed'),
      },
    });
    expect(await engine.snapshots.get(ADMIN, 'egg')).toMatchObject({
      state: 'failed',
      failure: { reason: 'snapshot.source_ended' },
    });
    await expect(engine.snapshots.createVm(ADMIN, 'egg', restoredRequest('chick'))).rejects.toMatchObject({
      reason: 'snapshot.not_ready',
      details: { state: 'failed' },
    });
  });

  it('leaves the other operations of its VM alone', async () => {
    const server = await installation.start();
    const { engine } = server;
    await create(server, 'bird', { 'simulate.save_delay_ms': '400' });
    const { operation } = await engine.snapshots.create(ADMIN, 'bird', snapshotRequest('egg'));

    const paused = await finish(server, (await engine.vms.pause(ADMIN, 'bird', {})).operation);

    expect(paused.state).toBe('succeeded');
    expect((await engine.operations.get(ADMIN, operation.id)).state).toBe('running');
    expect((await finish(server, operation)).state).toBe('succeeded');
  });

  it('is tried again when the fault may pass, and fails at once when the disk is full', async () => {
    const server = await installation.start();
    await create(server, 'bird', { 'simulate.save_error': 'unavailable:2' });
    await create(server, 'full', { 'simulate.save_error': 'resource_exhausted' });

    const saved = await save(server, 'bird', 'egg');
    const failed = await save(server, 'full', 'other');

    expect(saved).toMatchObject({ state: 'succeeded' });
    expect(saved.steps.map(({ state, attempt }) => [state, attempt])).toEqual([
      ['failed', 1],
      ['failed', 2],
      ['succeeded', 3],
    ]);
    expect(failed).toMatchObject({ state: 'failed', error: { code: 'resource_exhausted' } });
    expect(failed.steps).toHaveLength(1);
    expect((await get(server, 'full')).status.phase).toBe('running');
  });

  it('that is damaged makes no VM, and leaves its source as it is', async () => {
    const server = await installation.start();
    await create(server, 'bird', { 'simulate.saves': 'damaged' });
    await save(server, 'bird', 'egg');

    const { operation } = await server.engine.snapshots.createVm(ADMIN, 'egg', restoredRequest('chick'));

    expect(await finish(server, operation)).toMatchObject({
      state: 'failed',
      error: { code: 'data_loss', reason: 'snapshot.damaged' },
    });
    expect((await get(server, 'chick')).status).toMatchObject({ failure: { reason: 'snapshot.damaged' } });
    expect((await get(server, 'bird')).status.phase).toBe('running');
  });

  it('has the processors and the memory that it has', async () => {
    const server = await installation.start();
    await create(server, 'bird');
    await save(server, 'bird', 'egg');

    for (const [spec, field] of [
      [{ vcpuCount: 2 }, 'vcpus'],
      [{ memoryMib: 512 }, 'memory_mib'],
      [{ diskGib: 1 }, 'disk_gib'],
    ] as const)
      await expect(
        server.engine.snapshots.createVm(ADMIN, 'egg', restoredRequest('chick', spec)),
      ).rejects.toMatchObject({ code: 'invalid_argument', reason: 'snapshot.other_size', details: { field } });
  });
});

describe('deleting a snapshot', () => {
  it('ends its making, removes what was saved, and is one deletion however often it is asked', async () => {
    const server = await installation.start();
    const { snapshots } = server.engine;
    await create(server, 'bird', { 'simulate.save_delay_ms': '60000' });
    const creation = await snapshots.create(ADMIN, 'bird', snapshotRequest('egg'));

    const removal = await snapshots.delete(ADMIN, 'egg');

    expect(await finish(server, removal.operation)).toMatchObject({ kind: 'snapshot.delete', state: 'succeeded' });
    expect(await finish(server, creation.operation)).toMatchObject({
      state: 'cancelled',
      error: { reason: 'operation.superseded' },
    });
    await expect(snapshots.get(ADMIN, 'egg')).rejects.toMatchObject({ reason: 'snapshot.unknown' });
    expect((await snapshots.list(ADMIN, { limit: 9, after: null })).items).toEqual([]);
    expect(installation.world.saved.find(creation.snapshot.id)).toBeNull();
  });

  it('of a failed one, and of one that is ready, is possible; twice at once is once', async () => {
    const server = await installation.start();
    const { snapshots } = server.engine;
    await create(server, 'bird', { 'simulate.save_error': 'internal:1' });
    await save(server, 'bird', 'failed');
    await save(server, 'bird', 'ready');

    for (const name of ['failed', 'ready']) {
      const [one, two] = await Promise.all([snapshots.delete(ADMIN, name), snapshots.delete(ADMIN, name)]);
      expect(two.operation.id).toBe(one.operation.id);
      expect((await finish(server, one.operation)).state).toBe('succeeded');
    }

    expect(await server.store.snapshots.count()).toBe(0);
  });

  it('is refused while a VM is about to begin from it, naming that', async () => {
    const server = await installation.start();
    const { snapshots } = server.engine;
    await create(server, 'bird');
    await save(server, 'bird', 'egg');
    const chick = { ...restoredRequest('chick'), labels: { 'simulate.start_delay_ms': '300' } };
    const { vm, operation } = await snapshots.createVm(ADMIN, 'egg', chick);

    await expect(snapshots.delete(ADMIN, 'egg')).rejects.toMatchObject({
      code: 'failed_precondition',
      reason: 'snapshot.in_use',
      details: { vms: [{ id: vm.id, name: 'chick' }] },
    });

    await finish(server, operation);
    expect((await finish(server, (await snapshots.delete(ADMIN, 'egg')).operation)).state).toBe('succeeded');
    expect((await get(server, 'chick')).status.phase).toBe('running');
  });

  it('by cancelling its making unmakes it', async () => {
    const server = await installation.start();
    const { engine } = server;
    await create(server, 'bird', { 'simulate.save_delay_ms': '60000' });
    const { operation } = await engine.snapshots.create(ADMIN, 'bird', snapshotRequest('egg'));

    const cancelled = await engine.operations.cancel(ADMIN, operation.id, soon);

    expect(cancelled).toMatchObject({ state: 'cancelled', error: { reason: 'operation.cancelled' } });
    const { items } = await engine.operations.list(ADMIN, { limit: 1, after: null });
    expect(items[0]).toMatchObject({ id: cancelled.error?.details['operation_id'], kind: 'snapshot.delete' });
    await finish(server, items[0] ?? operation);
    expect(await server.store.snapshots.count()).toBe(0);
    await expect(engine.operations.cancel(ADMIN, items[0]?.id ?? operation.id, soon)).rejects.toMatchObject({
      reason: 'operation.final',
    });
  });
});

describe.each(['before', 'after'] as const)('a server that dies %s', (when) => {
  it('saving a VM is followed by one that completes it', async () => {
    const died = Promise.withResolvers<void>();
    const first = await installation.start((driver) => dyingAt(driver, { deed: 'saveMachine', when }, died.resolve));
    await create(first, 'bird');
    const { operation } = await first.engine.snapshots.create(ADMIN, 'bird', snapshotRequest('egg'));
    await died.promise;
    await first.stop();

    const second = await installation.start();

    expect(await finish(second, operation)).toMatchObject({ state: 'succeeded' });
    expect(await second.engine.snapshots.get(ADMIN, 'egg')).toMatchObject({ state: 'ready' });
  });

  it('removing a snapshot is followed by one that completes it', async () => {
    const died = Promise.withResolvers<void>();
    const first = await installation.start((driver) => dyingAt(driver, { deed: 'deleteSaved', when }, died.resolve));
    await create(first, 'bird');
    await save(first, 'bird', 'egg');
    const { operation } = await first.engine.snapshots.delete(ADMIN, 'egg');
    await died.promise;
    await first.stop();

    const second = await installation.start();

    expect(await finish(second, operation)).toMatchObject({ state: 'succeeded' });
    expect(await second.store.snapshots.count()).toBe(0);
  });

  it.each(['createDisk', 'startMachine'] as const)(
    '%s of a VM from a snapshot is followed by one that completes it',
    async (deed) => {
      const died = Promise.withResolvers<void>();
      const first = await installation.start((driver) => dyingAt(driver, { deed, when, k: 2 }, died.resolve));
      await create(first, 'bird');
      await tell(first, 'bird', 'before');
      await save(first, 'bird', 'egg');
      const { operation } = await first.engine.snapshots.createVm(ADMIN, 'egg', restoredRequest('chick'));
      await died.promise;
      await first.stop();

      const second = await installation.start();

      expect(await finish(second, operation)).toMatchObject({ state: 'succeeded' });
      expect(await told(second, 'chick')).toBe('before');
    },
  );
});

describe('what was saved of a VM that is gone', () => {
  it('is there, and is found by that VM’s id', async () => {
    const server = await installation.start();
    const { engine } = server;
    const { vm, operation } = await engine.vms.create(ADMIN, request('bird'));
    await finish(server, operation);
    await tell(server, 'bird', 'last words');
    await save(server, 'bird', 'egg');
    await finish(server, (await engine.vms.delete(ADMIN, 'bird', {})).operation);

    const { items } = await engine.snapshots.list(ADMIN, { limit: 9, after: null, vm: vm.id, state: 'ready' });
    const made = await engine.snapshots.createVm(ADMIN, 'egg', restoredRequest('bird'));

    expect(items.map(({ name }) => name)).toEqual(['egg']);
    expect((await finish(server, made.operation)).state).toBe('succeeded');
    expect(await told(server, 'bird')).toBe('last words');
  });
});
