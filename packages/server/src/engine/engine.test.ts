import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { canMove, VM_PHASES } from '../domain/vm/phase.ts';
import { until } from '../lib/testing/until.ts';
import type { Driver } from '../ports/driver.ts';
import type { Abortable } from '../ports/guest-link.ts';
import { ADMIN, createInstallation, type Installation, type TestServer } from './installation.test-kit.ts';
import { principalWith } from './principals.test-kit.ts';
import { create, finish, request, soon } from './vm-life.test-kit.ts';

let installation: Installation;

beforeEach(() => {
  installation = createInstallation();
});
afterEach(async () => {
  await installation[Symbol.asyncDispose]();
});

/** Nothing of any VM is left: no row, no operation under way, no machine, no disk. */
async function expectNothingLeft({ engine, store }: TestServer): Promise<void> {
  expect((await engine.vms.list(ADMIN, { limit: 10, after: null })).items).toEqual([]);
  expect(await store.operations.listActive()).toEqual([]);
  expect(installation.world.vms.size).toBe(0);
}

describe('the life of a VM', () => {
  it('goes from nothing to running, paused, stopped, and to nothing again', async () => {
    const server = await installation.start();
    const { vms } = server.engine;

    expect(await create(server, 'bird')).toMatchObject({ state: 'succeeded', error: null });
    expect(await vms.get(ADMIN, 'bird')).toMatchObject({
      status: { phase: 'running' },
      incarnation: 1,
      health: 'healthy',
    });
    await finish(server, (await vms.pause(ADMIN, 'bird', {})).operation);
    expect(await vms.get(ADMIN, 'bird')).toMatchObject({ status: { phase: 'paused' } });
    await finish(server, (await vms.resume(ADMIN, 'bird', {})).operation);
    await finish(server, (await vms.restart(ADMIN, 'bird', { graceMs: 1_000 })).operation);
    expect(await vms.get(ADMIN, 'bird')).toMatchObject({ status: { phase: 'running' }, incarnation: 2 });
    await finish(server, (await vms.stop(ADMIN, 'bird', { graceMs: 1_000 })).operation);
    expect(await vms.get(ADMIN, 'bird')).toMatchObject({ status: { phase: 'stopped' }, handle: null, pid: null });
    await finish(server, (await vms.start(ADMIN, 'bird', {})).operation);
    expect(await vms.get(ADMIN, 'bird')).toMatchObject({ status: { phase: 'running' }, incarnation: 3 });
    await finish(server, (await vms.delete(ADMIN, 'bird', {})).operation);
    await expectNothingLeft(server);
  });

  it('is told by events, without a gap and in order', async () => {
    const server = await installation.start();
    await create(server, 'bird');
    await finish(server, (await server.engine.vms.delete(ADMIN, 'bird', {})).operation);

    const events = await server.engine.events.list(ADMIN, { after: 0, limit: 100 });
    const told = events.map(({ type }) => type).filter((type) => type.startsWith('vm.'));

    expect(events.map(({ sequence }) => sequence)).toEqual(events.map((_, i) => i + 1));
    expect(told).toEqual([
      ...['vm.created', 'vm.provisioning', 'vm.starting', 'vm.health_changed', 'vm.started'],
      ...['vm.deleting', 'vm.health_changed', 'vm.deleted'],
    ]);
  });

  it('is told by events that follow the table of phases, also where its making is begun anew', async () => {
    const asked = Promise.withResolvers<void>();
    const server = await installation.start((driver) => ({
      ...driver,
      createDisk: async (machine, options) => {
        await asked.promise;
        return await driver.createDisk(machine, options);
      },
    }));
    await server.engine.vms.create(ADMIN, request('bird'));
    await server.engine.vms.wait(ADMIN, 'bird', { phase: 'provisioning' }, soon);
    const { operation } = await server.engine.vms.restart(ADMIN, 'bird', { graceMs: 0 });
    asked.resolve();
    await finish(server, operation);

    const events = await server.engine.events.list(ADMIN, { after: 0, limit: 100 });
    const phases = events.flatMap(({ type, data }) =>
      VM_PHASES.filter((phase) => type.startsWith('vm.') && phase === data['phase']),
    );
    expect(phases.at(-1)).toBe('running');
    for (const [i, phase] of phases.entries()) {
      const before = phases[i - 1] ?? phase;
      if (phase !== before) expect([before, phase, canMove(before, phase)]).toEqual([before, phase, true]);
    }
  });

  it('can be waited for to be gone, also when it is so already', async () => {
    const server = await installation.start();

    expect(await server.engine.vms.wait(ADMIN, 'bird', { phase: 'absent' }, soon)).toBeNull();
    await expect(server.engine.vms.wait(ADMIN, 'bird', { phase: 'running' }, soon)).rejects.toMatchObject({
      reason: 'vm.unknown',
    });
  });

  it('can begin stopped', async () => {
    const server = await installation.start();
    const { operation } = await server.engine.vms.create(ADMIN, request('bird', {}, false));
    await finish(server, operation);

    expect(await server.engine.vms.get(ADMIN, 'bird')).toMatchObject({ status: { phase: 'stopped' }, incarnation: 0 });
  });
});

describe('the newest wish counts', () => {
  it('deletes a VM that is still being made', async () => {
    const server = await installation.start();
    const { operation } = await server.engine.vms.create(ADMIN, request('bird', { 'simulate.agent': 'silent' }));
    await server.engine.vms.wait(ADMIN, 'bird', { phase: 'starting' }, soon);
    const removal = await server.engine.vms.delete(ADMIN, 'bird', {});

    expect(await finish(server, removal.operation)).toMatchObject({ state: 'succeeded' });
    expect(await finish(server, operation)).toMatchObject({
      state: 'cancelled',
      error: { reason: 'operation.superseded' },
    });
    await expectNothingLeft(server);
  });

  it('gives the same operation to who deletes twice', async () => {
    const server = await installation.start();
    await create(server, 'bird', { 'simulate.end_error': 'unavailable:2' });
    const first = await server.engine.vms.delete(ADMIN, 'bird', {});
    const second = await server.engine.vms.delete(ADMIN, 'bird', {});

    expect(second.operation.id).toBe(first.operation.id);
    expect(await finish(server, first.operation)).toMatchObject({ state: 'succeeded' });
    await expectNothingLeft(server);
  });

  it('refuses what cannot be asked now, and changes nothing', async () => {
    const server = await installation.start();
    const { vms } = server.engine;
    await create(server, 'bird');
    const before = await vms.get(ADMIN, 'bird');

    await expect(vms.start(ADMIN, 'bird', {})).rejects.toMatchObject({ reason: 'vm.already_running' });
    await expect(vms.resume(ADMIN, 'bird', {})).rejects.toMatchObject({ reason: 'vm.not_paused' });
    await expect(vms.create(ADMIN, request('bird'))).rejects.toMatchObject({ reason: 'vm.name_taken' });
    await expect(vms.delete(ADMIN, 'bird', { revision: 1 })).rejects.toMatchObject({ reason: 'vm.changed' });
    await expect(vms.stop(principalWith('admin', 'vm:read'), 'bird', { graceMs: 0 })).rejects.toMatchObject({
      reason: 'access.denied',
    });
    expect(await vms.get(ADMIN, 'bird')).toEqual(before);
  });
});

describe('a fault', () => {
  it.each([
    ['start', 'unavailable:2'],
    ['create', 'unavailable:1'],
    ['link', 'unavailable:1'],
  ])('that passes (%s %s) is retried', async (call, fault) => {
    const server = await installation.start();

    expect(await create(server, 'bird', { [`simulate.${call}_error`]: fault })).toMatchObject({ state: 'succeeded' });
  });

  it.each(['create', 'start', 'link'])(
    'that lasts (%s) fails the VM, leaves no machine, and can be deleted',
    async (call) => {
      const server = await installation.start();
      const operation = await create(server, 'bird', { [`simulate.${call}_error`]: 'internal' });
      const vm = await server.engine.vms.wait(ADMIN, 'bird', { phase: 'failed' }, soon);

      expect(operation).toMatchObject({ state: 'failed', error: { reason: 'driver.simulated_fault' } });
      expect(vm?.status).toMatchObject({ phase: 'failed', failure: { reason: 'driver.simulated_fault' } });
      await finish(server, (await server.engine.vms.delete(ADMIN, 'bird', {})).operation);
      await expectNothingLeft(server);
    },
  );

  it('of pausing leaves the VM running', async () => {
    const server = await installation.start();
    await create(server, 'bird', { 'simulate.pause_error': 'internal' });
    const operation = await finish(server, (await server.engine.vms.pause(ADMIN, 'bird', {})).operation);

    expect(operation).toMatchObject({ state: 'failed' });
    expect(await server.engine.vms.get(ADMIN, 'bird')).toMatchObject({
      status: { phase: 'running' },
      desired: { power: 'running' },
    });
  });

  it('of cleaning is tried until it works', async () => {
    const server = await installation.start();
    await create(server, 'bird', { 'simulate.delete_error': 'internal:3' });

    expect(await finish(server, (await server.engine.vms.delete(ADMIN, 'bird', {})).operation)).toMatchObject({
      state: 'succeeded',
    });
    await expectNothingLeft(server);
  });

  it('of a guest that never answers is told with its reason', async () => {
    await installation[Symbol.asyncDispose]();
    installation = createInstallation({ settings: { bootMs: 100 } });
    const server = await installation.start();

    expect(await create(server, 'bird', { 'simulate.agent': 'silent' })).toMatchObject({
      error: { reason: 'vm.boot_timeout' },
    });
  });

  it('of a guest that heeds no shutdown ends its machine when the grace is over', async () => {
    const server = await installation.start();
    await create(server, 'bird', { 'simulate.shutdown': 'ignored' });

    expect(
      await finish(server, (await server.engine.vms.stop(ADMIN, 'bird', { graceMs: 100 })).operation),
    ).toMatchObject({ state: 'succeeded' });
  });
});

describe('a machine that does not do as it is told', () => {
  it('is ended where its life is to end anyway', async () => {
    const server = await installation.start();
    await create(server, 'bird', { 'simulate.resume_error': 'failed_precondition' });
    await finish(server, (await server.engine.vms.pause(ADMIN, 'bird', {})).operation);

    const { operation } = await server.engine.vms.restart(ADMIN, 'bird', { graceMs: 5_000 });

    expect(await finish(server, operation)).toMatchObject({ state: 'succeeded' });
    expect(await server.engine.vms.get(ADMIN, 'bird')).toMatchObject({ incarnation: 2, status: { phase: 'running' } });
  });

  it('is asked less and less often', async () => {
    let asked = 0;
    const server = await installation.start((driver) => ({
      ...driver,
      resumeMachine: async () => {
        asked += 1;
      },
    }));
    await create(server, 'bird');
    await finish(server, (await server.engine.vms.pause(ADMIN, 'bird', {})).operation);

    const { operation } = await server.engine.vms.resume(ADMIN, 'bird', {});
    await server.engine.operations.wait(ADMIN, operation.id, { ...soon, timeoutMs: 1_500 });

    expect(asked).toBeGreaterThan(1);
    expect(asked).toBeLessThan(20);
    const { steps, state } = await server.engine.operations.get(ADMIN, operation.id);
    expect([state, steps.length < 20]).toEqual(['running', true]);
  });
});

/** A driver during whose k-th deed the server dies: before the deed, or after it and before it is written down. */
function dyingDuring(driver: Driver, k: number, when: 'before' | 'after', onDeath: () => void): Driver {
  let deeds = 0;
  async function dieAtTheKth<T>({ signal }: Abortable, deed: () => Promise<T>): Promise<T> {
    deeds += 1;
    if (deeds !== k) return await deed();
    if (when === 'after') await deed();
    onDeath();
    // From here on this server does nothing any more, until it is let go.
    return await new Promise<never>((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    });
  }
  return {
    ...driver,
    createDisk: (machine, options) => dieAtTheKth(options, () => driver.createDisk(machine, options)),
    startMachine: (machine, options) => dieAtTheKth(options, () => driver.startMachine(machine, options)),
    endMachine: (vmId, options) => dieAtTheKth(options, () => driver.endMachine(vmId, options)),
    deleteDisk: (vmId, options) => dieAtTheKth(options, () => driver.deleteDisk(vmId, options)),
  };
}

describe.each(['before', 'after'] as const)('a server that dies %s its k-th deed', (when) => {
  it.each([1, 2, 3, 4])('(k = %i) leaves its successor to bring it to the same end', async (k) => {
    const died = Promise.withResolvers<void>();
    const first = await installation.start((driver) => dyingDuring(driver, k, when, died.resolve));
    const { operation } = await first.engine.vms.create(ADMIN, request('bird'));
    const removal = finish(first, operation).then(() => first.engine.vms.delete(ADMIN, 'bird', {}));
    await Promise.race([died.promise, removal.then((accepted) => finish(first, accepted.operation))]);
    removal.catch(() => undefined);
    await first.stop();

    const second = await installation.start();
    await second.engine.operations.wait(ADMIN, operation.id, soon);
    for (const left of await second.store.operations.listActive()) await finish(second, left);
    const { items } = await second.engine.vms.list(ADMIN, { limit: 1, after: null });
    for (const vm of items) await finish(second, (await second.engine.vms.delete(ADMIN, vm.id, {})).operation);

    expect((await second.engine.operations.get(ADMIN, operation.id)).state).toBe('succeeded');
    await expectNothingLeft(second);
  });
});

describe('a command that cannot be run', () => {
  it.each([
    [{ argv: ['no-such-program'] }, { state: 'exited', exitCode: 127 }, 'no-such-program:'],
    [{ user: 'nobody-of-this-name' }, { state: 'failed', exitCode: null, startedAt: null }, ''],
    [{ cwd: '/no/such/directory' }, { state: 'failed', exitCode: null, startedAt: null }, ''],
  ])('%j is %j', async (more, end, said) => {
    const server = await installation.start();
    await create(server, 'bird');
    const { engine } = server;
    const command = { argv: ['true'], env: {}, cwd: '', user: '', tty: null, hasStdin: false, timeoutMs: 0, ...more };

    const session = await engine.executions.start(ADMIN, 'bird', command, soon);
    let stderr = '';
    for await (const update of session.updates)
      if (update.kind === 'output') stderr += new TextDecoder().decode(update.bytes);

    expect(stderr.split(' ')[0]).toBe(said);
    expect(await engine.executions.get(ADMIN, session.execution.id)).toMatchObject({
      ...end,
      error: expect.any(String),
    });
  });
});

describe('a restart of the server', () => {
  it('finds running VMs running, and writes nothing about them', async () => {
    const first = await installation.start();
    await create(first, 'bird');
    const before = await first.engine.vms.get(ADMIN, 'bird');
    await first.stop();

    const second = await installation.start();
    const session = await second.engine.executions.start(
      ADMIN,
      'bird',
      { argv: ['echo', 'alive'], env: {}, cwd: '', user: '', tty: null, hasStdin: false, timeoutMs: 0 },
      { signal: soon.signal },
    );
    const output: string[] = [];
    for await (const update of session.updates)
      if (update.kind === 'output') output.push(new TextDecoder().decode(update.bytes));

    expect(output.join('')).toBe('alive\n');
    expect(await second.engine.vms.get(ADMIN, 'bird')).toEqual(before);
  });

  it('finds out what has ended meanwhile', async () => {
    const first = await installation.start();
    await create(first, 'bird', { 'simulate.ends': 'panicked', 'simulate.ends_after_ms': '300' });
    await first.stop();
    const machines = () => [...installation.world.vms.values()].map((vm) => vm.observe().machine.kind);
    await until(() => machines().every((kind) => kind === 'ended'), 'the end of its machine');

    const second = await installation.start();
    const vm = await second.engine.vms.wait(ADMIN, 'bird', { phase: 'failed' }, soon);

    expect(vm?.status).toMatchObject({ failure: { reason: 'vm.panicked' } });
  });

  it('ends a machine that belongs to nobody, after a grace, and keeps its disk', async () => {
    await installation[Symbol.asyncDispose]();
    installation = createInstallation({ settings: { orphanGraceMs: 50, sweepMs: 20 } });
    const server = await installation.start();
    await create(server, 'bird');
    const vm = await server.engine.vms.get(ADMIN, 'bird');
    // As after an older copy of the database was brought back.
    await server.store.vms.delete(vm.id, vm.revision);

    const follow = await server.engine.events.follow(ADMIN, {
      after: 0,
      types: ['vm.orphan_reaped'],
      signal: soon.signal,
    });
    for await (const [event] of follow) {
      expect(event?.subject).toBe(vm.id);
      break;
    }
    expect(installation.world.vms.get(vm.id)?.observe()).toMatchObject({
      disk: { kind: 'present' },
      machine: { kind: 'absent' },
    });
  });
});
