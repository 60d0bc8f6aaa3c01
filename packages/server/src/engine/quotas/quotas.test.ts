import { afterEach, describe, expect, it } from 'vitest';
import { VolaryError } from '../../domain/errors.ts';
import type { Quota } from '../../domain/user/quota.ts';
import { ADMIN, createInstallation, type Installation, type TestServer } from '../installation.test-kit.ts';
import { principalWith } from '../principals.test-kit.ts';
import { forkRequest, restoredRequest, save, snapshotRequest } from '../snapshots/snapshots.test-kit.ts';
import { create, finish, request, soon } from '../vm-life.test-kit.ts';

let installation: Installation | undefined;
afterEach(() => installation?.[Symbol.asyncDispose]());

async function start(quota: Quota): Promise<TestServer> {
  installation = createInstallation({ settings: { quota } });
  return await installation.start();
}

const BIRD = principalWith('bird', '*@own', 'image:read');
const COMMAND = { argv: ['cat'], env: {}, cwd: '', user: '', hasStdin: true, tty: null, timeoutMs: 0 };

const NETWORK = {
  ...{ subnets: [], dns: null, labels: {} },
  egress: { policy: 'deny', allow: [] },
} as const;
const GROUP = { description: '', ingress: [], egress: null, labels: {} } as const;

function exceeded(quota: string, figures: object = {}) {
  return { code: 'resource_exhausted', reason: 'quota.exceeded', details: { quota, ...figures } };
}

async function make(server: TestServer, name: string, { start = true, spec = {} } = {}): Promise<void> {
  const { operation } = await server.engine.vms.create(BIRD, { ...request(name, {}, start), spec });
  await finish(server, operation);
}

describe('a quota', () => {
  it('of ten VMs gives exactly ten of fifty that are asked for at once', async () => {
    const server = await start({ vms: 10 });
    const asked = Array.from({ length: 50 }, (_, i) => server.engine.vms.create(BIRD, request(`vm-${i}`, {}, false)));

    const settled = await Promise.allSettled(asked);

    const refused = settled.flatMap((one): unknown[] => (one.status === 'rejected' ? [one.reason] : []));
    expect(refused).toHaveLength(40);
    for (const error of refused) expect(error).toMatchObject(exceeded('vms', { limit: 10, used: 10, asked: 1 }));
    expect((await server.store.vms.usageOf('bird')).vms).toBe(10);
  });

  it('counts VMs and their disks as long as they are kept, processors and memory as long as they run', async () => {
    const server = await start({ vms: 3, diskGib: 10, vcpus: 2, memoryMib: 600 });
    const spec = { vcpuCount: 1, memoryMib: 300, diskGib: 3 };
    for (const name of ['a', 'b']) await make(server, name, { spec });

    const more = { ...request('c'), spec };
    await expect(server.engine.vms.create(BIRD, more)).rejects.toMatchObject(
      exceeded('vcpus', { limit: 2, used: 2, asked: 1 }),
    );
    await make(server, 'c', { start: false, spec });
    await expect(server.engine.vms.start(BIRD, 'c', {})).rejects.toMatchObject(exceeded('vcpus'));

    await finish(server, (await server.engine.vms.stop(BIRD, 'a', { graceMs: 0 })).operation);
    await finish(server, (await server.engine.vms.start(BIRD, 'c', {})).operation);
    for (const asked of [server.engine.vms.start(BIRD, 'a', {}), server.engine.vms.restart(BIRD, 'a', { graceMs: 0 })])
      await expect(asked).rejects.toMatchObject(exceeded('vcpus'));
    await expect(
      server.engine.vms.create(BIRD, { ...request('d', {}, false), spec: { ...spec, diskGib: 2 } }),
    ).rejects.toMatchObject(exceeded('vms'));

    await finish(server, (await server.engine.vms.delete(BIRD, 'a', {})).operation);
    await expect(
      server.engine.vms.create(BIRD, { ...request('d', {}, false), spec: { ...spec, diskGib: 5 } }),
    ).rejects.toMatchObject(exceeded('disk_gib', { limit: 10, used: 6, asked: 5 }));
    const none = { networks: null, securityGroups: null };
    expect(await server.engine.quotas.own(BIRD)).toEqual({
      limits: { vms: 3, vcpus: 2, memoryMib: 600, diskGib: 10, snapshots: null, executions: null, ...none },
      used: {
        vms: 2,
        vcpus: 2,
        memoryMib: 600,
        diskGib: 6,
        snapshots: 0,
        executions: 0,
        networks: 0,
        securityGroups: 0,
      },
    });
  });

  it('holds for what is suspended and woken, by whomever', async () => {
    const server = await start({ memoryMib: 700 });
    await make(server, 'a', { spec: { memoryMib: 512 } });
    await finish(server, (await server.engine.vms.suspend(BIRD, 'a', {})).operation);
    await make(server, 'b', { spec: { memoryMib: 512 } });

    await expect(server.engine.vms.resume(BIRD, 'a', {})).rejects.toMatchObject(
      exceeded('memory_mib', { limit: 700, used: 512, asked: 512 }),
    );
    await expect(server.engine.vms.resume(ADMIN, 'a', {})).rejects.toMatchObject(exceeded('memory_mib'));
    await expect(server.engine.executions.start(BIRD, 'a', COMMAND, soon)).rejects.toMatchObject(
      exceeded('memory_mib'),
    );
  });

  it('of forks refuses those that are too many, and makes the others', async () => {
    const server = await start({ vms: 3 });
    await make(server, 'a');

    const { items } = await server.engine.snapshots.fork(BIRD, 'a', forkRequest(5));

    expect(items.map((item) => (item.kind === 'accepted' ? 'made' : item.error.reason))).toEqual([
      ...['made', 'made', 'quota.exceeded', 'quota.exceeded', 'quota.exceeded'],
    ]);
    await expect(server.engine.snapshots.fork(BIRD, 'a', forkRequest(1))).rejects.toMatchObject(exceeded('vms'));
  });

  it('of snapshots counts what is kept, and VMs that are made of them count as VMs', async () => {
    const server = await start({ snapshots: 1, vms: 1 });
    await make(server, 'a');
    const { operation } = await server.engine.snapshots.create(BIRD, 'a', snapshotRequest('saved'));
    await finish(server, operation);

    await expect(server.engine.snapshots.create(BIRD, 'a', snapshotRequest())).rejects.toMatchObject(
      exceeded('snapshots', { limit: 1, used: 1, asked: 1 }),
    );
    await expect(server.engine.snapshots.createVm(BIRD, 'saved', restoredRequest('b'))).rejects.toMatchObject(
      exceeded('vms'),
    );
  });

  it('of commands counts those that run, in all VMs of their owner', async () => {
    const server = await start({ executions: 2 });
    await make(server, 'a');
    await make(server, 'b');
    const first = await server.engine.executions.start(BIRD, 'a', COMMAND, soon);
    await server.engine.executions.start(ADMIN, 'b', COMMAND, soon);

    await expect(server.engine.executions.start(BIRD, 'b', COMMAND, soon)).rejects.toMatchObject(
      exceeded('executions', { limit: 2, used: 2, asked: 1 }),
    );

    await server.engine.executions.cancel(BIRD, first.execution.id, { graceMs: 0, signal: soon.signal });
    await server.engine.executions.start(BIRD, 'b', COMMAND, soon);
  });

  it('of networks and of security groups counts what is kept of each, and no more of the one for the other', async () => {
    const server = await start({ networks: 2, securityGroups: 1 });
    const { networks, securityGroups } = server.engine;
    const network = (index: number, by = BIRD) =>
      networks.create(by, { ...NETWORK, name: `n${index}`, cidr: `10.9.${index}.0/24` });
    const group = (name: string) => securityGroups.create(BIRD, { ...GROUP, name });

    const settled = await Promise.allSettled([1, 2, 3, 4].map((index) => network(index)));
    await group('web');

    const refused = settled.flatMap((one): unknown[] => (one.status === 'rejected' ? [one.reason] : []));
    expect(refused).toHaveLength(2);
    for (const error of refused) expect(error).toMatchObject(exceeded('networks', { limit: 2, used: 2, asked: 1 }));
    await expect(group('other')).rejects.toMatchObject(exceeded('security_groups', { limit: 1, used: 1, asked: 1 }));
    // Who repeats a request is told that it was heard.
    await expect(group('web')).rejects.toMatchObject({ reason: 'security_group.name_taken' });
    const [first] = (await networks.list(BIRD, { limit: 9, after: null })).items.filter(
      ({ network: { owner } }) => owner === 'bird',
    );
    const name = first?.network.name ?? '';
    await expect(networks.create(BIRD, { ...NETWORK, name, cidr: '10.8.0.0/24' })).rejects.toMatchObject({
      reason: 'network.name_taken',
    });
    expect(await server.engine.quotas.own(BIRD)).toMatchObject({ used: { networks: 2, securityGroups: 1 } });

    await networks.delete(BIRD, name);
    await securityGroups.delete(BIRD, 'web');
    await network(5);
    await group('other');
    await network(6, ADMIN);
  });

  it("of a user's own goes before that of the installation, and holds at once", async () => {
    const server = await start({ vms: 1 });
    const account = { email: null, displayName: '', roles: ['member'], password: null, labels: {} };
    await server.engine.users.create(ADMIN, { ...account, name: 'bird', quota: { vms: 2 } });
    await make(server, 'a', { start: false });
    await make(server, 'b', { start: false });
    await expect(server.engine.vms.create(BIRD, request('c', {}, false))).rejects.toMatchObject(exceeded('vms'));

    await server.engine.users.update(ADMIN, 'bird', { quota: { vms: 3 } });
    await make(server, 'c', { start: false });

    expect(await server.engine.quotas.of(ADMIN, 'bird')).toMatchObject({ limits: { vms: 3 }, used: { vms: 3 } });
    await expect(server.engine.quotas.of(BIRD, 'admin')).rejects.toMatchObject({ reason: 'access.denied' });
  });

  it('is none for the built-in administrator, unless one is set', async () => {
    const server = await start({ vms: 0, executions: 0, snapshots: 0 });
    await create(server, 'a');
    await save(server, 'a', 'saved');
    await server.engine.executions.start(ADMIN, 'a', COMMAND, soon);
    expect((await server.engine.quotas.own(ADMIN)).limits.vms).toBeNull();

    await server.engine.users.update(ADMIN, 'admin', { quota: { vms: 1 } });

    await expect(server.engine.vms.create(ADMIN, request('b'))).rejects.toMatchObject(exceeded('vms'));
  });

  it('that is passed leaves nothing behind', async () => {
    const server = await start({ vms: 0 });
    const refused = await server.engine.vms.create(BIRD, request('a')).catch((error: unknown) => error);

    expect(refused).toBeInstanceOf(VolaryError);
    expect(await server.store.vms.list({ limit: 9, after: null })).toEqual([]);
    expect(await server.store.operations.list({ limit: 9, after: null })).toEqual([]);
  });
});
