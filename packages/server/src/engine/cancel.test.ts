import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Operation } from '../domain/operation/operation.ts';
import type { Driver } from '../ports/driver.ts';
import type { Abortable } from '../ports/guest-link.ts';
import type { ImageSource } from '../ports/image-source.ts';
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

type Deed = 'createDisk' | 'startMachine' | 'endMachine' | 'pauseMachine' | 'resumeMachine';

/** A gate in front of a driver's deeds, or behind them. Nothing is held until it is told which. */
class Gate {
  #held: { readonly deed: Deed; readonly when: 'before' | 'after'; readonly reached: () => void } | null = null;

  /** Holds the next such deed until it is interrupted; resolves when one is held. */
  hold(deed: Deed, when: 'before' | 'after'): Promise<void> {
    return new Promise((reached) => {
      this.#held = { deed, when, reached };
    });
  }

  guard = (driver: Driver): Driver => ({
    ...driver,
    createDisk: (machine, options) => this.#pass('createDisk', options, () => driver.createDisk(machine, options)),
    startMachine: (machine, options) =>
      this.#pass('startMachine', options, () => driver.startMachine(machine, options)),
    endMachine: (vmId, options) => this.#pass('endMachine', options, () => driver.endMachine(vmId, options)),
    pauseMachine: (vmId, options) => this.#pass('pauseMachine', options, () => driver.pauseMachine(vmId, options)),
    resumeMachine: (vmId, options) => this.#pass('resumeMachine', options, () => driver.resumeMachine(vmId, options)),
  });

  async #pass<T>(deed: Deed, { signal }: Abortable, work: () => Promise<T>): Promise<T> {
    const held = this.#held;
    if (held === null || held.deed !== deed) return await work();
    this.#held = null;
    if (held.when === 'after') await work();
    held.reached();
    return await new Promise<never>((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    });
  }
}

async function cancel({ engine }: TestServer, { id }: Operation): Promise<Operation> {
  return await engine.operations.cancel(ADMIN, id, soon);
}

/** The operation that unmakes what a cancelled one had made. */
async function undoing({ engine }: TestServer, cancelled: Operation): Promise<Operation> {
  const { items } = await engine.operations.list(ADMIN, { limit: 1, after: null });
  expect(items[0]?.id).toBe(cancelled.error?.details['operation_id']);
  return await engine.operations.wait(ADMIN, items[0]?.id ?? cancelled.id, soon);
}

/** Resolves with the VM when nothing is under way on it and its machine is as its phase says. */
async function settled({ engine, store }: TestServer, name: string) {
  return await expect
    .poll(async () => {
      const vm = await engine.vms.get(ADMIN, name);
      const machine = installation.world.vms.get(vm.id)?.observe().machine.kind ?? 'absent';
      const isIdle = (await store.operations.findActive(vm.id)) === null;
      return { isIdle, phase: vm.status.phase, machine, desired: vm.desired.power };
    })
    .toSatisfy(({ isIdle, phase, machine, desired }) => {
      const expected = phase === 'running' || phase === 'paused' ? phase : 'absent';
      return isIdle && machine === expected && (phase === 'failed' || desired === phase);
    });
}

async function phaseOf({ engine }: TestServer, name: string): Promise<string> {
  return (await engine.vms.get(ADMIN, name)).status.phase;
}

describe('cancelling the creation of a VM', () => {
  it.each([
    ['createDisk', 'before'],
    ['createDisk', 'after'],
    ['startMachine', 'before'],
    ['startMachine', 'after'],
  ] as const)('(during %s, %s it is done) leaves nothing of it', async (deed, when) => {
    const gate = new Gate();
    const server = await installation.start(gate.guard);
    const reached = gate.hold(deed, when);
    const { operation, vm } = await server.engine.vms.create(ADMIN, request('bird'));
    await reached;

    const cancelled = await cancel(server, operation);

    expect(cancelled).toMatchObject({ state: 'cancelled', error: { code: 'aborted', reason: 'operation.cancelled' } });
    expect(await undoing(server, cancelled)).toMatchObject({ kind: 'vm.delete', state: 'succeeded' });
    expect((await server.engine.vms.list(ADMIN, { limit: 1, after: null })).items).toEqual([]);
    expect(installation.world.vms.size).toBe(0);
    const events = await server.engine.events.list(ADMIN, { after: 0, limit: 100, vm: vm.id });
    const told = events.map(({ type }) => type);
    expect(told.filter((type) => type.startsWith('operation.cancelled'))).toHaveLength(1);
    expect(told.at(-1)).toBe('operation.succeeded');
    expect(told).toContain('vm.deleted');
  });

  it('also ends a machine whose guest has not answered', async () => {
    const server = await installation.start();
    const { operation } = await server.engine.vms.create(ADMIN, request('bird', { 'simulate.agent': 'silent' }));
    await expect.poll(() => installation.world.vms.size).toBe(1);
    await server.engine.vms.wait(ADMIN, 'bird', { phase: 'starting' }, soon);

    await undoing(server, await cancel(server, operation));

    expect(installation.world.vms.size).toBe(0);
  });

  it('is heeded by the next server when this one dies at once', async () => {
    const gate = new Gate();
    const first = await installation.start(gate.guard);
    const reached = gate.hold('startMachine', 'after');
    const { operation } = await first.engine.vms.create(ADMIN, request('bird'));
    await reached;
    const cancelled = await cancel(first, operation);
    await first.stop();

    const second = await installation.start();

    expect(await undoing(second, cancelled)).toMatchObject({ state: 'succeeded' });
    expect(installation.world.vms.size).toBe(0);
  });
});

describe('cancelling a change of power', () => {
  const grace = { graceMs: 0 };

  it.each([
    ['start', 'startMachine', 'before', 'stopped'],
    ['start', 'startMachine', 'after', 'stopped'],
    ['restart', 'endMachine', 'before', 'stopped'],
    ['restart', 'startMachine', 'before', 'stopped'],
    ['restart', 'startMachine', 'after', 'stopped'],
    ['pause', 'pauseMachine', 'before', 'running'],
    ['pause', 'pauseMachine', 'after', 'paused'],
    ['resume', 'resumeMachine', 'before', 'paused'],
    ['resume', 'resumeMachine', 'after', 'running'],
  ] as const)('(%s, during %s, %s it is done) leaves the VM %s', async (verb, deed, when, phase) => {
    const gate = new Gate();
    const server = await installation.start(gate.guard);
    const { vms } = server.engine;
    await create(server, 'bird');
    if (verb === 'start') await finish(server, (await vms.stop(ADMIN, 'bird', grace)).operation);
    if (verb === 'resume') await finish(server, (await vms.pause(ADMIN, 'bird', {})).operation);
    const reached = gate.hold(deed, when);
    const { operation } = await vms[verb](ADMIN, 'bird', grace);
    await reached;

    expect(await cancel(server, operation)).toMatchObject({ state: 'cancelled' });

    await settled(server, 'bird');
    expect(await phaseOf(server, 'bird')).toBe(phase);
  });

  it('leaves a VM running whose guest was asked to shut down, and has not', async () => {
    const server = await installation.start();
    await create(server, 'bird', { 'simulate.shutdown': 'ignored' });
    const { operation } = await server.engine.vms.stop(ADMIN, 'bird', { graceMs: 60_000 });
    const isAsked = async (): Promise<boolean> =>
      (await server.engine.operations.get(ADMIN, operation.id)).steps.some(({ name }) => name === 'shut-down-guest');
    await expect.poll(isAsked).toBe(true);
    const before = await server.engine.vms.get(ADMIN, 'bird');

    await cancel(server, operation);

    await settled(server, 'bird');
    expect(await server.engine.vms.get(ADMIN, 'bird')).toMatchObject({
      status: { phase: 'running' },
      incarnation: before.incarnation,
      pid: before.pid,
    });
  });

  it('is too late when the machine is being ended', async () => {
    const gate = new Gate();
    const server = await installation.start(gate.guard);
    await create(server, 'bird');
    const reached = gate.hold('endMachine', 'before');
    const { operation } = await server.engine.vms.stop(ADMIN, 'bird', grace);
    await reached;

    await expect(cancel(server, operation)).rejects.toMatchObject({ reason: 'operation.not_cancellable' });

    expect((await server.engine.operations.get(ADMIN, operation.id)).state).toBe('running');
  });

  it('leaves a VM failed that never had a disk', async () => {
    const gate = new Gate();
    const server = await installation.start(gate.guard);
    await create(server, 'bird', { 'simulate.create_error': 'internal:1' });
    const reached = gate.hold('createDisk', 'before');
    const { operation } = await server.engine.vms.start(ADMIN, 'bird', {});
    await reached;

    await cancel(server, operation);

    await settled(server, 'bird');
    expect(await server.engine.vms.get(ADMIN, 'bird')).toMatchObject({
      status: { phase: 'failed', failure: { reason: 'operation.cancelled' } },
    });
    await finish(server, (await server.engine.vms.start(ADMIN, 'bird', {})).operation);
    expect(await phaseOf(server, 'bird')).toBe('running');
  });
});

describe('cancelling at any moment', () => {
  it('ends the operation, and leaves a VM whose machine is as its phase says', async () => {
    const server = await installation.start();
    await create(server, 'bird');
    const verbs = fc.constantFrom('start', 'stop', 'restart', 'pause', 'resume');
    await fc.assert(
      fc.asyncProperty(verbs, fc.integer({ min: 0, max: 40 }), async (verb, turns) => {
        const asked = await server.engine.vms[verb](ADMIN, 'bird', { graceMs: 1_000 }).catch(() => null);
        if (asked === null) return;
        for (let i = 0; i < turns; i++) await new Promise((resolve) => setImmediate(resolve));

        const reason = await cancel(server, asked.operation).then(
          () => null,
          (error: { readonly reason?: string }) => error.reason,
        );

        expect([null, 'operation.final', 'operation.not_cancellable']).toContain(reason);
        await settled(server, 'bird');
        const { state } = await server.engine.operations.get(ADMIN, asked.operation.id);
        if (reason === null) expect(state).toBe('cancelled');
        else expect(state).toBe('succeeded');
      }),
      { numRuns: 60 },
    );
  });
});

describe('what cannot be cancelled', () => {
  it('is a deletion, an operation that is over, and one that is not there', async () => {
    const gate = new Gate();
    const server = await installation.start(gate.guard);
    const created = await create(server, 'bird');
    await expect(cancel(server, created)).rejects.toMatchObject({
      code: 'failed_precondition',
      reason: 'operation.final',
    });
    const reached = gate.hold('endMachine', 'before');
    const { operation } = await server.engine.vms.delete(ADMIN, 'bird', {});
    await reached;

    await expect(cancel(server, operation)).rejects.toMatchObject({ reason: 'operation.not_cancellable' });
    await expect(
      server.engine.operations.cancel(principalWith('admin', 'operation:read'), operation.id, soon),
    ).rejects.toMatchObject({ reason: 'access.denied' });
  });

  it('is answered again as it was when asked with the same key', async () => {
    const server = await installation.start();
    const { operation } = await server.engine.vms.create(ADMIN, request('bird', { 'simulate.agent': 'silent' }));
    const asked = { key: 'k', fingerprint: 'a', requestId: 'r' };
    const once = await server.engine.idempotency.claim(ADMIN, asked);
    const first = await server.engine.operations.cancel(ADMIN, operation.id, { ...soon, once });
    server.engine.idempotency.release(once);

    const again = await server.engine.idempotency.claim(ADMIN, asked);

    expect(await server.engine.operations.cancel(ADMIN, operation.id, { ...soon, once: again })).toEqual(first);
  });
});

describe('cancelling the build of an image', () => {
  it('ends the build, which the next server does not take up', async () => {
    const building = Promise.withResolvers<void>();
    const ended = Promise.withResolvers<void>();
    const slow = (images: ImageSource): ImageSource => ({
      ...images,
      ensure: (_name, { signal }) =>
        new Promise((_, reject) => {
          building.resolve();
          signal.addEventListener('abort', () => {
            ended.resolve();
            reject(signal.reason);
          });
        }),
    });
    const first = await installation.start(undefined, slow);
    const operation = await first.engine.images.build(ADMIN, 'base');
    await building.promise;

    expect(await cancel(first, operation)).toMatchObject({ state: 'cancelled', error: { details: {} } });

    await ended.promise;
    await first.stop();
    const second = await installation.start();
    expect(await second.store.operations.listActive()).toEqual([]);
    expect(await second.engine.images.list(ADMIN)).toMatchObject([{ current: null }]);
    expect(await finish(second, await second.engine.images.build(ADMIN, 'base'))).toMatchObject({ state: 'succeeded' });
  });
});
