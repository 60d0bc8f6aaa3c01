import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { VolaryError } from '../../domain/errors.ts';
import { until } from '../../lib/testing/until.ts';
import type { Driver } from '../../ports/driver.ts';
import { ADMIN, createInstallation, type Installation, type TestServer } from '../installation.test-kit.ts';
import { dyingAt, get, restoresMeasured, tell, told } from '../snapshots/snapshots.test-kit.ts';
import { create, finish, soon } from '../vm-life.test-kit.ts';

let installation: Installation;

beforeEach(() => {
  installation = createInstallation({ settings: { sweepMs: 50 } });
});
afterEach(async () => {
  await installation[Symbol.asyncDispose]();
});

async function suspend(server: TestServer, ref = 'bird') {
  return await finish(server, (await server.engine.vms.suspend(ADMIN, ref, {})).operation);
}

async function resume(server: TestServer, ref = 'bird') {
  return await finish(server, (await server.engine.vms.resume(ADMIN, ref, {})).operation);
}

function command(script: string) {
  const argv = ['sh', '-c', script];
  return { argv, env: {}, cwd: '', user: '', hasStdin: false, tty: null, timeoutMs: 0 };
}

describe('a suspended VM', () => {
  it('has no machine and no memory promised, and goes on as the life that it was', async () => {
    const server = await installation.start();
    await create(server, 'bird');
    await tell(server, 'bird', 'here');
    const before = await get(server, 'bird');

    expect(await suspend(server)).toMatchObject({ kind: 'vm.suspend', state: 'succeeded' });

    const asleep = await get(server, 'bird');
    expect(asleep).toMatchObject({
      status: { phase: 'suspended' },
      suspension: { reason: 'requested', message: 'Suspended by admin.' },
      handle: null,
      startedAt: before.startedAt,
    });
    expect((await server.store.vms.promised()).memoryMib).toBe(0);
    expect(await resume(server)).toMatchObject({ kind: 'vm.resume', state: 'succeeded' });
    const awake = await get(server, 'bird');
    expect(awake).toMatchObject({ status: { phase: 'running' }, suspension: null, health: 'healthy' });
    expect([awake.incarnation, awake.startedAt]).toEqual([before.incarnation, before.startedAt]);
    expect(await told(server, 'bird')).toBe('here');
  });

  it('is measured from its waking to the first answer of its agent', async () => {
    const server = await installation.start();
    await create(server, 'bird');
    await suspend(server);
    expect(await restoresMeasured(server)).toEqual({});

    await resume(server);

    expect(await restoresMeasured(server)).toEqual({ suspension: 1 });
  });

  it('keeps its commands, with every byte that they say', async () => {
    const server = await installation.start();
    await create(server, 'bird');
    const session = await server.engine.executions.start(ADMIN, 'bird', command('sleep 0.3; echo done'), soon);

    await suspend(server);
    expect(await server.engine.executions.get(ADMIN, session.execution.id)).toMatchObject({ completedAt: null });
    await resume(server);

    let said = '';
    let end: string | null = null;
    for await (const update of session.updates) {
      if (update.kind === 'output') said += new TextDecoder().decode(update.bytes);
      else end = update.execution.state;
    }
    expect([said, end]).toEqual(['done\n', 'exited']);
  });

  it.each(['start', 'restart', 'stop', 'delete'] as const)('heeds %s', async (verb) => {
    const server = await installation.start();
    const { vms } = server.engine;
    await create(server, 'bird');
    await tell(server, 'bird', 'here');
    await suspend(server);

    const asked = {
      start: () => vms.start(ADMIN, 'bird', {}),
      restart: () => vms.restart(ADMIN, 'bird', { graceMs: 0 }),
      stop: () => vms.stop(ADMIN, 'bird', { graceMs: 0 }),
      delete: () => vms.delete(ADMIN, 'bird', {}),
    }[verb];
    expect((await finish(server, (await asked()).operation)).state).toBe('succeeded');

    const left = (await vms.list(ADMIN, { limit: 1, after: null })).items[0];
    const phase = { start: 'running', restart: 'running', stop: 'stopped', delete: undefined }[verb];
    const incarnation = { start: 1, restart: 2, stop: 1, delete: undefined }[verb];
    expect([left?.status.phase, left?.incarnation]).toEqual([phase, incarnation]);
    expect(left?.suspension ?? null).toBeNull();
    expect([...installation.world.vms.values()].map((vm) => vm.observe().machine.kind)).toEqual(
      { start: ['running'], restart: ['running'], stop: ['absent'], delete: [] }[verb],
    );
  });

  it('is woken to be asked to shut down, where there is time for it', async () => {
    const server = await installation.start();
    await create(server, 'bird');
    await suspend(server);

    const stopped = await finish(server, (await server.engine.vms.stop(ADMIN, 'bird', { graceMs: 5_000 })).operation);

    expect(stopped.steps.map(({ name, state }) => [name, state])).toEqual([
      ['wake-machine', 'succeeded'],
      ['shut-down-guest', 'succeeded'],
      ['end-machine', 'succeeded'],
    ]);
  });

  it('is refused what needs a machine, and to be suspended again', async () => {
    const server = await installation.start();
    await create(server, 'bird');
    await suspend(server);
    const { vms, snapshots } = server.engine;

    await expect(vms.suspend(ADMIN, 'bird', {})).rejects.toMatchObject({ reason: 'vm.already_suspended' });
    await expect(vms.pause(ADMIN, 'bird', {})).rejects.toMatchObject({ reason: 'vm.not_running' });
    const request = { name: null, description: '', labels: {} };
    await expect(snapshots.create(ADMIN, 'bird', request)).rejects.toMatchObject({ reason: 'vm.not_running' });
  });

  it('stays as it was when it cannot be woken, and says why', async () => {
    const server = await installation.start();
    await create(server, 'bird', { 'simulate.wake_error': 'data_loss:1' });
    await suspend(server);

    expect(await resume(server)).toMatchObject({ state: 'failed', error: { code: 'data_loss' } });

    expect(await get(server, 'bird')).toMatchObject({
      status: { phase: 'suspended' },
      desired: { power: 'suspended' },
      suspension: { message: 'Suspended by admin.' },
    });
    expect(await resume(server)).toMatchObject({ state: 'succeeded' });
  });

  it('does not wake where there is no memory for it', async () => {
    const server = await installation.start();
    await create(server, 'bird');
    await suspend(server);
    const bird = await get(server, 'bird');
    const spec = { ...bird.spec, memoryMib: 1_000_000_000 };
    await server.store.vms.update({ ...bird, spec, revision: bird.revision + 1 });

    await expect(server.engine.vms.resume(ADMIN, 'bird', {})).rejects.toMatchObject({
      code: 'resource_exhausted',
      reason: 'host.no_memory',
    });
    await finish(server, (await server.engine.vms.stop(ADMIN, 'bird', { graceMs: 0 })).operation);
  });
});

it.each(['running', 'paused'] as const)('a VM that is %s and cannot be suspended goes on so', async (phase) => {
  const server = await installation.start();
  await create(server, 'bird', { 'simulate.suspend_error': 'internal:1' });
  if (phase === 'paused') await finish(server, (await server.engine.vms.pause(ADMIN, 'bird', {})).operation);

  expect(await suspend(server)).toMatchObject({ state: 'failed', error: { code: 'internal' } });

  expect(await get(server, 'bird')).toMatchObject({ status: { phase }, desired: { power: phase }, suspension: null });
});

it('a VM whose suspension and waking were both cut short is told as the machine that it has', async () => {
  // What is woken is another process, which nobody had time to write down.
  let pid: number | null = null;
  const server = await installation.start((driver) => ({
    ...driver,
    async inspect(vmId, options) {
      const { disk, machine } = await driver.inspect(vmId, options);
      return { disk, machine: machine.kind === 'paused' && pid !== null ? { ...machine, pid } : machine };
    },
  }));
  await create(server, 'bird');
  pid = 4_242;

  await finish(server, (await server.engine.vms.pause(ADMIN, 'bird', {})).operation);

  expect(await get(server, 'bird')).toMatchObject({ status: { phase: 'paused' }, pid });
});

it('a VM whose memory cannot be read for a while says so, keeps it through a restart, and goes on from it', async () => {
  let canRead = true;
  const detail = 'What was saved of it cannot be read now.';
  const wrapped = (driver: Driver): Driver => ({
    ...driver,
    async inspect(vmId, options) {
      const { disk, machine } = await driver.inspect(vmId, options);
      return { disk, machine: machine.kind === 'suspended' && !canRead ? { kind: 'unreadable', detail } : machine };
    },
    async wakeMachine(machine, options) {
      if (!canRead) throw new VolaryError('unavailable', detail, { reason: 'host.file_unreadable' });
      return await driver.wakeMachine(machine, options);
    },
  });
  const first = await installation.start(wrapped);
  await create(first, 'bird');
  await tell(first, 'bird', 'here');
  await suspend(first);
  await first.stop();
  canRead = false;

  const second = await installation.start(wrapped);
  await until(async () => (await get(second, 'bird')).suspension?.problem === detail, 'the VM says what is wrong');

  expect(await resume(second)).toMatchObject({ state: 'failed', error: { reason: 'host.file_unreadable' } });
  const unreadable = await get(second, 'bird');
  expect(unreadable).toMatchObject({ status: { phase: 'suspended' }, health: 'unknown' });
  expect(unreadable.suspension).toMatchObject({ message: 'Suspended by admin.', problem: detail });
  expect([...installation.world.vms.values()].map((vm) => vm.observe().machine.kind)).toEqual(['suspended']);

  canRead = true;
  await until(async () => (await get(second, 'bird')).suspension?.problem === null, 'the VM says no more of it');
  expect(await resume(second)).toMatchObject({ state: 'succeeded' });
  expect(await told(second, 'bird')).toBe('here');
});

it('a suspension that is cancelled leaves the VM as it is', async () => {
  const held = Promise.withResolvers<void>();
  const server = await installation.start((driver) =>
    dyingAt(driver, { deed: 'suspendMachine', when: 'before' }, held.resolve),
  );
  await create(server, 'bird');
  const { operation } = await server.engine.vms.suspend(ADMIN, 'bird', {});
  await held.promise;

  await server.engine.operations.cancel(ADMIN, operation.id, soon);

  expect(await get(server, 'bird')).toMatchObject({ status: { phase: 'running' }, desired: { power: 'running' } });
});

describe.each(['before', 'after'] as const)('a server that dies %s', (when) => {
  it.each(['suspendMachine', 'wakeMachine'] as const)('%s is followed by one that completes it', async (deed) => {
    const died = Promise.withResolvers<void>();
    const first = await installation.start((driver) => dyingAt(driver, { deed, when }, died.resolve));
    await create(first, 'bird');
    await tell(first, 'bird', 'here');
    let { operation } = await first.engine.vms.suspend(ADMIN, 'bird', {});
    if (deed === 'wakeMachine') {
      await finish(first, operation);
      operation = (await first.engine.vms.resume(ADMIN, 'bird', {})).operation;
    }
    await died.promise;
    await first.stop();

    const second = await installation.start();

    expect(await finish(second, operation)).toMatchObject({ state: 'succeeded' });
    const phase = deed === 'suspendMachine' ? 'suspended' : 'running';
    expect((await get(second, 'bird')).status.phase).toBe(phase);
    if (phase === 'suspended') await resume(second);
    expect(await told(second, 'bird')).toBe('here');
    expect(await get(second, 'bird')).toMatchObject({ incarnation: 1, suspension: null });
  });
});
