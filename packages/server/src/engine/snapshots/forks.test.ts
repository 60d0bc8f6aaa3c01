import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Forked } from '../apis/snapshot-api.ts';
import { ADMIN, createInstallation, type Installation, type TestServer } from '../installation.test-kit.ts';
import type { Claim } from '../requests.ts';
import { create, finish, request } from '../vm-life.test-kit.ts';
import { acceptedOf, dyingAt, forkRequest, get, restoresMeasured, tell, told } from './snapshots.test-kit.ts';

let installation: Installation;

beforeEach(() => {
  installation = createInstallation({ settings: { sweepMs: 100 } });
});
afterEach(async () => {
  await installation[Symbol.asyncDispose]();
});

async function finishAll(server: TestServer, forked: Forked): Promise<readonly string[]> {
  const finals = await Promise.all(acceptedOf(forked).map(({ operation }) => finish(server, operation)));
  return finals.map(({ state }) => state);
}

/** Nothing is left of what the fork was made from. */
async function expectNoSnapshots(server: TestServer): Promise<void> {
  await expect.poll(() => server.store.snapshots.count()).toBe(0);
}

describe('a fork', () => {
  it('makes VMs that go on where theirs is, each as itself, and leaves no snapshot', async () => {
    const server = await installation.start();
    await create(server, 'bird');
    await tell(server, 'bird', 'common');

    const forked = await server.engine.snapshots.fork(ADMIN, 'bird', forkRequest(3, { namePrefix: 'chick' }));

    expect(forked.operation).toMatchObject({ kind: 'vm.fork', subject: { kind: 'snapshot' } });
    expect(await finishAll(server, forked)).toEqual(['succeeded', 'succeeded', 'succeeded']);
    for (const name of ['chick-1', 'chick-2', 'chick-3']) {
      expect(await told(server, name)).toBe('common');
      expect(await told(server, name, '/etc/hostname')).toBe(name);
    }
    expect(await finish(server, forked.operation)).toMatchObject({ state: 'succeeded' });
    expect((await get(server, 'bird')).status.phase).toBe('running');
    await expectNoSnapshots(server);
  });

  it('is measured from its start to the first answer of its agent, each VM by itself; a later boot is not', async () => {
    const server = await installation.start();
    await create(server, 'bird');
    expect(await restoresMeasured(server)).toEqual({});

    await finishAll(server, await server.engine.snapshots.fork(ADMIN, 'bird', forkRequest(2, { namePrefix: 'chick' })));
    await finish(server, (await server.engine.vms.restart(ADMIN, 'chick-1', { graceMs: 0 })).operation);

    expect(await restoresMeasured(server)).toEqual({ fork: 2 });
  });

  it('is as large as what was saved, although that was made larger after it was asked for', async () => {
    const gate = Promise.withResolvers<void>();
    const server = await installation.start((driver) => ({
      ...driver,
      async saveMachine(...asked) {
        await gate.promise;
        return await driver.saveMachine(...asked);
      },
    }));
    await create(server, 'bird');
    const forked = await server.engine.snapshots.fork(ADMIN, 'bird', forkRequest(1, { names: ['chick'] }));
    const { operation } = await server.engine.vms.update(ADMIN, 'bird', { spec: { vcpuCount: 2 } }, {});
    if (operation !== null) await finish(server, operation);
    await expect.poll(async () => (await get(server, 'bird')).machine?.vcpuCount).toBe(2);

    gate.resolve();

    expect(await finishAll(server, forked)).toEqual(['succeeded']);
    expect((await get(server, 'chick')).spec.vcpuCount).toBe(2);
  });

  it('is begun as what was saved, and then becomes what it was changed to before it began', async () => {
    const gate = Promise.withResolvers<void>();
    const server = await installation.start((driver) => ({
      ...driver,
      async saveMachine(...asked) {
        await gate.promise;
        return await driver.saveMachine(...asked);
      },
    }));
    await create(server, 'bird');
    const bird = await get(server, 'bird');
    const forked = await server.engine.snapshots.fork(ADMIN, 'bird', forkRequest(2, { names: ['larger', 'smaller'] }));
    await server.engine.vms.update(ADMIN, 'larger', { spec: { vcpuCount: bird.spec.vcpuCount + 1 } }, {});
    await server.engine.vms.update(ADMIN, 'smaller', { spec: { memoryMib: 128, network: { mode: 'none' } } }, {});

    gate.resolve();

    expect(await finishAll(server, forked)).toEqual(['succeeded', 'succeeded']);
    const larger = await get(server, 'larger');
    expect(larger.machine?.vcpuCount).toBe(bird.spec.vcpuCount + 1);
    expect(larger.spec.vcpuCount).toBe(bird.spec.vcpuCount + 1);
    // What cannot be taken from a machine that runs is gone after its next start.
    const smaller = await get(server, 'smaller');
    expect(smaller.machine).toMatchObject({ memoryMib: bird.spec.memoryMib, networkMode: bird.spec.network.mode });
    expect(smaller.spec).toMatchObject({ memoryMib: 128, network: { mode: 'none' } });
  });

  it('names its VMs as it is told, or after theirs', async () => {
    const server = await installation.start();
    await create(server, 'bird');

    const named = await server.engine.snapshots.fork(ADMIN, 'bird', forkRequest(2, { names: ['a', 'b'] }));
    const unnamed = await server.engine.snapshots.fork(ADMIN, 'bird', forkRequest(2));

    expect(acceptedOf(named).map(({ vm, operation }) => [vm.name, operation.subject.name])).toEqual([
      ['a', 'a'],
      ['b', 'b'],
    ]);
    const names = acceptedOf(unnamed).map(({ vm }) => vm.name);
    expect(new Set(names).size).toBe(2);
    for (const name of names) expect(name).toMatch(/^bird-[0-9a-z]{8}$/);
    await finishAll(server, named);
    await finishAll(server, unnamed);
    await expectNoSnapshots(server);
  });

  it('beyond what the host can give is refused VM by VM', async () => {
    const server = await installation.start();
    await create(server, 'bird');
    await create(server, 'chick-2');
    const [host] = await server.engine.hosts.list(ADMIN);
    const freeMib = Math.min(host?.host.memoryMib ?? 0, 1_048_576) - 512 - (host?.promisedMemoryMib ?? 0);
    // All that is left but the memory of two VMs is promised to another.
    const large = request('large', {}, false);
    const { vm } = await server.engine.vms.create(ADMIN, large);
    await expect.poll(async () => (await get(server, vm.id)).status.phase).toBe('stopped');
    const stored = await get(server, vm.id);
    await server.store.vms.update({
      ...stored,
      spec: { ...stored.spec, memoryMib: Math.floor(freeMib) - 600 },
      desired: { ...stored.desired, power: 'running', incarnation: 1 },
      status: {
        phase: 'failed',
        since: 0,
        failure: { generation: stored.generation, reason: '', message: '', consoleTail: '', at: 0 },
      },
      revision: stored.revision + 1,
    });

    const forked = await server.engine.snapshots.fork(ADMIN, 'bird', forkRequest(4, { namePrefix: 'chick' }));

    const outcomes = forked.items.map((item) => (item.kind === 'accepted' ? 'accepted' : item.error.reason));
    expect(outcomes).toEqual(['accepted', 'vm.name_taken', 'accepted', 'host.no_memory']);
    expect(await finishAll(server, forked)).toEqual(['succeeded', 'succeeded']);
    await expectNoSnapshots(server);
  });

  it('of which nothing comes is refused as a whole, and nothing is stored', async () => {
    const server = await installation.start();
    await create(server, 'bird');
    await create(server, 'chick-1');

    await expect(
      server.engine.snapshots.fork(ADMIN, 'bird', forkRequest(1, { namePrefix: 'chick' })),
    ).rejects.toMatchObject({ reason: 'vm.name_taken' });
    for (const count of [0, 101, 1.5])
      await expect(server.engine.snapshots.fork(ADMIN, 'bird', forkRequest(count))).rejects.toMatchObject({
        reason: 'vm.invalid_fork_count',
      });
    await expect(server.engine.snapshots.fork(ADMIN, 'bird', forkRequest(2, { names: ['one'] }))).rejects.toMatchObject(
      { reason: 'vm.invalid_fork_count' },
    );

    expect(await server.store.snapshots.count()).toBe(0);
    expect((await server.engine.vms.list(ADMIN, { limit: 9, after: null })).items).toHaveLength(2);
  });

  it('whose source cannot be saved fails with its VMs, which say why', async () => {
    const server = await installation.start();
    await create(server, 'bird', { 'simulate.save_error': 'resource_exhausted' });

    const forked = await server.engine.snapshots.fork(ADMIN, 'bird', forkRequest(2, { namePrefix: 'chick' }));

    expect(await finishAll(server, forked)).toEqual(['failed', 'failed']);
    expect(await finish(server, forked.operation)).toMatchObject({
      state: 'failed',
      error: { code: 'resource_exhausted' },
    });
    expect((await get(server, 'chick-1')).status).toMatchObject({ failure: { reason: 'snapshot.not_made' } });
    await expectNoSnapshots(server);
  });

  it('is not cancelled, but its VMs can be deleted while they wait', async () => {
    const server = await installation.start();
    await create(server, 'bird', { 'simulate.save_delay_ms': '300' });
    const forked = await server.engine.snapshots.fork(ADMIN, 'bird', forkRequest(1, { namePrefix: 'chick' }));
    const signal = new AbortController().signal;

    await expect(server.engine.operations.cancel(ADMIN, forked.operation.id, { signal })).rejects.toMatchObject({
      reason: 'operation.not_cancellable',
    });
    const removal = await server.engine.vms.delete(ADMIN, 'chick-1', {});

    expect((await finish(server, removal.operation)).state).toBe('succeeded');
    await expectNoSnapshots(server);
  });

  it('is made once for its key, and made known again with what became of its VMs', async () => {
    const server = await installation.start();
    const { engine } = server;
    await create(server, 'bird');
    await create(server, 'chick-2');
    const asked = { key: 'k', fingerprint: 'f', requestId: 'req_1' };
    const claim = async (): Promise<Claim> => {
      const once = await engine.idempotency.claim(ADMIN, asked);
      engine.idempotency.release(once);
      return once;
    };
    const ask = forkRequest(2, { namePrefix: 'chick' });

    const first = await engine.snapshots.fork(ADMIN, 'bird', ask, { once: await claim() });
    await finishAll(server, first);
    await expectNoSnapshots(server);
    const again = await engine.snapshots.fork(ADMIN, 'bird', ask, { once: await claim() });

    expect(again.operation).toMatchObject({ id: first.operation.id, state: 'succeeded' });
    expect(again.items).toMatchObject([
      { kind: 'accepted', vm: { name: 'chick-1', status: { phase: 'running' } }, operation: { state: 'succeeded' } },
      { kind: 'refused', error: { reason: 'vm.name_taken' } },
    ]);
  });
});

describe.each([
  ['saveMachine', 'before'],
  ['saveMachine', 'after'],
  ['createDisk', 'after'],
  ['startMachine', 'before'],
  ['startMachine', 'after'],
  ['deleteSaved', 'before'],
  ['deleteSaved', 'after'],
] as const)('a server that dies over %s (%s it is done)', (deed, when) => {
  it('is followed by one that completes the fork', async () => {
    const died = Promise.withResolvers<void>();
    const k = deed === 'createDisk' || deed === 'startMachine' ? 2 : 1;
    const first = await installation.start((driver) => dyingAt(driver, { deed, when, k }, died.resolve));
    await create(first, 'bird');
    await tell(first, 'bird', 'common');
    const forked = await first.engine.snapshots.fork(ADMIN, 'bird', forkRequest(3, { namePrefix: 'chick' }));
    await died.promise;
    await first.stop();

    const second = await installation.start();

    expect(await finishAll(second, forked)).toEqual(['succeeded', 'succeeded', 'succeeded']);
    for (const name of ['chick-1', 'chick-2', 'chick-3']) expect(await told(second, name)).toBe('common');
    await expectNoSnapshots(second);
  });
});
