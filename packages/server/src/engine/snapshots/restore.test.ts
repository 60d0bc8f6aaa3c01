import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ADMIN, createInstallation, type Installation, type TestServer } from '../installation.test-kit.ts';
import { create, finish, soon } from '../vm-life.test-kit.ts';
import { dyingAt, get, restoresMeasured, save, tell, told } from './snapshots.test-kit.ts';

let installation: Installation;

beforeEach(() => {
  installation = createInstallation();
});
afterEach(async () => {
  await installation[Symbol.asyncDispose]();
});

/** A VM `bird`, saved as `egg` with "saved" in it, and gone on to "later". */
async function savedVm(server: TestServer, labels: Record<string, string> = {}): Promise<void> {
  await create(server, 'bird', labels);
  await tell(server, 'bird', 'saved');
  await save(server, 'bird', 'egg');
  await tell(server, 'bird', 'later');
}

describe('restoring a VM', () => {
  it('makes it what it was, in its next life', async () => {
    const server = await installation.start();
    await savedVm(server);

    const { operation } = await server.engine.snapshots.restore(ADMIN, 'bird', { snapshot: 'egg' });

    expect(await finish(server, operation)).toMatchObject({ kind: 'vm.restore', state: 'succeeded' });
    expect(await told(server, 'bird')).toBe('saved');
    expect(await restoresMeasured(server)).toEqual({ snapshot: 1 });
    expect(await get(server, 'bird')).toMatchObject({ status: { phase: 'running' }, incarnation: 2 });
    await tell(server, 'bird', 'again');
    await finish(server, (await server.engine.vms.restart(ADMIN, 'bird', { graceMs: 0 })).operation);
    expect(await told(server, 'bird')).toBe('again');
  });

  it.each(['paused', 'stopped'] as const)('works on one that is %s', async (phase) => {
    const server = await installation.start();
    const { engine } = server;
    await savedVm(server);
    const change =
      phase === 'paused' ? engine.vms.pause(ADMIN, 'bird', {}) : engine.vms.stop(ADMIN, 'bird', { graceMs: 0 });
    await finish(server, (await change).operation);

    const { operation } = await engine.snapshots.restore(ADMIN, 'bird', { snapshot: 'egg' });

    expect((await finish(server, operation)).state).toBe('succeeded');
    expect(await told(server, 'bird')).toBe('saved');
  });

  it.each(['running', 'paused', 'stopped'] as const)('from what is damaged leaves it %s as it is', async (phase) => {
    const server = await installation.start();
    const { engine } = server;
    await savedVm(server, { 'simulate.saves': 'damaged' });
    if (phase === 'paused') await finish(server, (await engine.vms.pause(ADMIN, 'bird', {})).operation);
    if (phase === 'stopped') await finish(server, (await engine.vms.stop(ADMIN, 'bird', { graceMs: 0 })).operation);
    const before = await get(server, 'bird');

    const { operation } = await engine.snapshots.restore(ADMIN, 'bird', { snapshot: 'egg' });

    expect(await finish(server, operation)).toMatchObject({
      state: 'failed',
      error: { code: 'data_loss', reason: 'snapshot.damaged' },
    });
    const { status, origin, incarnation, desired } = await get(server, 'bird');
    expect({ phase: status.phase, power: desired.power }).toEqual({ phase, power: phase });
    expect({ origin, incarnation }).toEqual({ origin: null, incarnation: before.incarnation });
    if (phase === 'paused') await finish(server, (await engine.vms.resume(ADMIN, 'bird', {})).operation);
    if (phase === 'stopped') await finish(server, (await engine.vms.start(ADMIN, 'bird', {})).operation);
    expect(await told(server, 'bird')).toBe('later');
    // Nobody is going to need it any more.
    expect((await finish(server, (await engine.snapshots.delete(ADMIN, 'egg')).operation)).state).toBe('succeeded');
  });

  it('is refused where the two are not alike', async () => {
    const server = await installation.start();
    await savedVm(server);
    const spec = { memoryMib: 128 };
    const { operation } = await server.engine.vms.create(ADMIN, {
      ...{ name: 'small', spec, labels: {}, metadata: {}, start: true, warmStart: 'auto' },
    });
    await finish(server, operation);

    await expect(server.engine.snapshots.restore(ADMIN, 'small', { snapshot: 'egg' })).rejects.toMatchObject({
      code: 'failed_precondition',
      reason: 'snapshot.other_spec',
      details: { field: 'memory_mib', vm: 128, snapshot: 256 },
    });
  });

  it('keeps its snapshot from being deleted until it has begun', async () => {
    const server = await installation.start();
    const { engine } = server;
    await savedVm(server, { 'simulate.restore_error': 'unavailable:1' });
    const { operation } = await engine.snapshots.restore(ADMIN, 'bird', { snapshot: 'egg' });

    await expect(engine.snapshots.delete(ADMIN, 'egg')).rejects.toMatchObject({ reason: 'snapshot.in_use' });

    expect((await finish(server, operation)).state).toBe('succeeded');
  });

  it('is given up when something else is wanted before it has begun', async () => {
    const held = Promise.withResolvers<void>();
    const server = await installation.start((driver) =>
      dyingAt(driver, { deed: 'prepareRestore', when: 'before' }, held.resolve),
    );
    const { engine } = server;
    await savedVm(server);
    const restoring = await engine.snapshots.restore(ADMIN, 'bird', { snapshot: 'egg' });
    await held.promise;

    await finish(server, (await engine.vms.restart(ADMIN, 'bird', { graceMs: 0 })).operation);

    expect(await finish(server, restoring.operation)).toMatchObject({ error: { reason: 'operation.superseded' } });
    expect(await told(server, 'bird')).toBe('later');
    expect((await get(server, 'bird')).origin).toBeNull();
  });

  it('to something else while the first is under way comes to what was asked last', async () => {
    const held = Promise.withResolvers<void>();
    const server = await installation.start((driver) =>
      dyingAt(driver, { deed: 'startMachine', when: 'after', k: 2 }, held.resolve),
    );
    const { engine } = server;
    await savedVm(server);
    await save(server, 'bird', 'fledgling');
    const first = await engine.snapshots.restore(ADMIN, 'bird', { snapshot: 'egg' });
    await held.promise;

    const second = await engine.snapshots.restore(ADMIN, 'bird', { snapshot: 'fledgling' });

    expect((await finish(server, second.operation)).state).toBe('succeeded');
    expect(await finish(server, first.operation)).toMatchObject({ error: { reason: 'operation.superseded' } });
    expect(await told(server, 'bird')).toBe('later');
    expect((await finish(server, (await engine.snapshots.delete(ADMIN, 'egg')).operation)).state).toBe('succeeded');
  });

  it('that is cancelled leaves the VM as it is', async () => {
    const held = Promise.withResolvers<void>();
    const server = await installation.start((driver) =>
      dyingAt(driver, { deed: 'prepareRestore', when: 'after' }, held.resolve),
    );
    const { engine } = server;
    await savedVm(server);
    const { operation } = await engine.snapshots.restore(ADMIN, 'bird', { snapshot: 'egg' });
    await held.promise;

    await engine.operations.cancel(ADMIN, operation.id, soon);

    expect(await get(server, 'bird')).toMatchObject({ status: { phase: 'running' }, origin: null });
    expect(await told(server, 'bird')).toBe('later');
    await finish(server, (await engine.vms.restart(ADMIN, 'bird', { graceMs: 0 })).operation);
    expect(await told(server, 'bird')).toBe('later');
  });
});

describe.each(['before', 'after'] as const)('a server that dies %s', (when) => {
  it.each(['prepareRestore', 'endMachine', 'startMachine'] as const)(
    '%s is followed by one that completes the restore',
    async (deed) => {
      const died = Promise.withResolvers<void>();
      const k = deed === 'startMachine' ? 2 : 1;
      const first = await installation.start((driver) => dyingAt(driver, { deed, when, k }, died.resolve));
      await savedVm(first);
      const { operation } = await first.engine.snapshots.restore(ADMIN, 'bird', { snapshot: 'egg' });
      await died.promise;
      await first.stop();

      const second = await installation.start();

      expect(await finish(second, operation)).toMatchObject({ state: 'succeeded' });
      expect(await told(second, 'bird')).toBe('saved');
      expect((await get(second, 'bird')).incarnation).toBe(2);
    },
  );
});
