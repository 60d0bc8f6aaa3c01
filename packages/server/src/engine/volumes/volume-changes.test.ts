import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { DriverVolumes } from '../../ports/driver-volumes.ts';
import { ADMIN, createInstallation, type Installation, type TestServer } from '../installation.test-kit.ts';
import { principalWith } from '../principals.test-kit.ts';
import { finish, request } from '../vm-life.test-kit.ts';

/* Volumes that come to VMs and leave them, and that grow. */

let installation: Installation;
let server: TestServer;

beforeEach(async () => {
  installation = createInstallation();
  server = await installation.start();
});
afterEach(async () => {
  await installation[Symbol.asyncDispose]();
});

const make = async (name: string) => {
  const asked = { name, labels: {}, sizeGib: 2, source: { kind: 'empty' } } as const;
  return await finish(server, (await server.engine.volumes.create(ADMIN, asked)).operation);
};
const stopped = async (name: string) =>
  await finish(server, (await server.engine.vms.create(ADMIN, request(name, {}, false))).operation);
const attach = async (vm: string, ref: string, isReadonly = false, disk: string | null = null) =>
  await server.engine.volumes.attach(ADMIN, vm, { ref, disk, isReadonly }, {});
const detach = async (vm: string, disk: string) => await server.engine.volumes.detach(ADMIN, vm, disk, {});
const resize = async (ref: string, sizeGib: number) => await server.engine.volumes.update(ADMIN, ref, { sizeGib });
const holders = async (ref: string) =>
  (await server.engine.volumes.get(ADMIN, ref)).holders.map(({ vmName, disk }) => [vmName, disk]);

describe('a stopped VM', () => {
  beforeEach(async () => {
    await make('books');
    await stopped('bird');
  });

  it('is given a volume once, and gives it to the next, with a revision, events and an entry of the audit', async () => {
    const given = await attach('bird', 'books');
    expect(given.spec.disks).toMatchObject([{ name: 'books', sizeGib: 2, isReadonly: false }]);
    expect((await attach('bird', 'books')).revision).toBe(given.revision);
    expect(await holders('books')).toEqual([['bird', 'books']]);
    await finish(server, (await server.engine.vms.start(ADMIN, 'bird', {})).operation);
    await finish(server, (await server.engine.vms.stop(ADMIN, 'bird', { graceMs: 0 })).operation);

    expect((await detach('bird', 'books')).spec.disks).toEqual([]);
    await stopped('cat');
    await attach('cat', 'books', false, 'data');

    expect(await holders('books')).toEqual([['cat', 'data']]);
    await expect(detach('bird', 'books')).rejects.toMatchObject({ code: 'not_found', reason: 'volume.not_attached' });
    const page = { limit: 9, after: null };
    const [latest] = (await server.engine.vms.listRevisions(ADMIN, 'bird', page)).items;
    expect(Object.keys(latest?.changes ?? {})).toEqual(['disks']);
    const told = (await server.store.events.list({ after: 0, limit: 500 })).filter(({ data }) => 'is_attached' in data);
    expect(told.map(({ data }) => data['is_attached'])).toEqual([true, false, true]);
    const audited = (await server.store.audit.list({ limit: 50, after: null, order: 'newest-first' })).map(
      ({ action }) => action,
    );
    expect(audited.filter((action) => /^volume.(at|de)tach$/.test(action))).toHaveLength(3);
  });

  it('keeps its disks when it is set as an earlier revision had it: a volume may be somebody else’s by then', async () => {
    await attach('bird', 'books');
    await detach('bird', 'books');

    const { vm } = await server.engine.vms.rollBack(ADMIN, 'bird', { number: 2 });

    expect(vm.spec.disks).toEqual([]);
    expect(await holders('books')).toEqual([]);
  });

  it('has each volume in one way, each disk by one name, and eight of them', async () => {
    await attach('bird', 'books', true);
    await expect(attach('bird', 'books', true, 'again')).rejects.toMatchObject({ reason: 'volume.in_use' });
    await make('tomes');
    await expect(attach('bird', 'tomes', false, 'books')).rejects.toMatchObject({ reason: 'vm.invalid_disks' });
    expect(await holders('tomes')).toEqual([]);
  });

  it('is not given what another writes to, what it may not have, or anything while it is seen otherwise', async () => {
    await stopped('cat');
    await attach('cat', 'books');
    const member = principalWith('ann', 'vm:*', 'volume:read');
    const asked = { ref: 'books', disk: null, isReadonly: false };

    await expect(attach('bird', 'books')).rejects.toMatchObject({
      ...{ reason: 'volume.in_use', details: { vms: [{ name: 'cat' }] } },
    });
    await expect(server.engine.volumes.attach(member, 'bird', asked, {})).rejects.toMatchObject({
      reason: 'access.denied',
    });
    await expect(server.engine.volumes.detach(member, 'cat', 'books', {})).rejects.toMatchObject({
      reason: 'access.denied',
    });
    await expect(server.engine.volumes.detach(ADMIN, 'cat', 'books', { revision: 1 })).rejects.toMatchObject({
      reason: 'vm.changed',
    });
    expect(await holders('books')).toEqual([['cat', 'books']]);
  });
});

describe('a VM that is not stopped', () => {
  it('is given nothing, and nothing is taken from it', async () => {
    await make('books');
    await stopped('bird');
    await attach('bird', 'books');
    await make('tomes');
    await finish(server, (await server.engine.vms.start(ADMIN, 'bird', {})).operation);
    const notStopped = { code: 'failed_precondition', reason: 'vm.not_stopped', details: { phase: 'running' } };

    await expect(attach('bird', 'tomes')).rejects.toMatchObject(notStopped);
    await expect(detach('bird', 'books')).rejects.toMatchObject(notStopped);
    await finish(server, (await server.engine.vms.suspend(ADMIN, 'bird', {})).operation);
    await expect(detach('bird', 'books')).rejects.toMatchObject({ reason: 'vm.not_stopped' });
    // It goes on with the disks that it had.
    await expect(resize('books', 3)).rejects.toMatchObject({ reason: 'volume.in_use' });
  });
});

describe('a volume', () => {
  beforeEach(async () => {
    await make('books');
  });
  const sizeOf = async () => {
    const { volume } = await server.engine.volumes.get(ADMIN, 'books');
    return [volume.sizeGib, installation.world.volumes.sizeGib(volume.id)];
  };

  it('grows, alone and under what writes to it, and its size counts', async () => {
    const { volume } = await resize('books', 3);
    expect(volume).toMatchObject({ sizeGib: 3, revision: expect.any(Number) });
    await stopped('bird');
    await attach('bird', 'books');
    await finish(server, (await server.engine.vms.start(ADMIN, 'bird', {})).operation);

    await resize('books', 5);
    await resize('books', 5);

    expect(await sizeOf()).toEqual([5, 5]);
    expect((await server.engine.vms.get(ADMIN, 'bird')).spec.disks).toMatchObject([{ sizeGib: 5 }]);
    expect((await server.engine.quotas.own(ADMIN)).used.diskGib).toBe(5 + 8);
  });

  it('is refused with the figures what it cannot be, and stays as it is', async () => {
    await expect(resize('books', 1)).rejects.toMatchObject({
      ...{ code: 'invalid_argument', reason: 'volume.cannot_shrink', details: { minimum: 2, actual: 1 } },
    });
    await expect(resize('books', 0)).rejects.toMatchObject({ reason: 'volume.invalid_size' });
    await expect(resize('books', 16_384)).rejects.toMatchObject({
      ...{ reason: 'host.no_disk', details: { wanted_gib: 16_382 } },
    });
    await server.engine.users.update(ADMIN, 'admin', { quota: { diskGib: 3 } });
    await expect(resize('books', 4)).rejects.toMatchObject({ reason: 'quota.exceeded' });
    await resize('books', 3);

    expect(await sizeOf()).toEqual([3, 3]);
  });

  it('does not grow while something that runs reads it', async () => {
    await stopped('bird');
    await attach('bird', 'books', true);
    await resize('books', 3);
    await finish(server, (await server.engine.vms.start(ADMIN, 'bird', {})).operation);

    await expect(resize('books', 4)).rejects.toMatchObject({
      ...{ reason: 'volume.in_use', details: { vms: [{ name: 'bird' }] } },
    });
    expect(await sizeOf()).toEqual([3, 3]);
  });

  it('is waited for no longer than an operation may take, and is made larger when it is asked for again', async () => {
    await using impatient = createInstallation({ settings: { operationMs: 4_000 } });
    let hangs = true;
    server = await impatient.start((driver) => {
      const { volumes } = driver;
      if (volumes === null) throw new Error('the driver has volumes');
      const grow: DriverVolumes['grow'] = async (volume, options) => {
        if (hangs) await once(options.signal, 'abort');
        options.signal.throwIfAborted();
        await volumes.grow(volume, options);
      };
      return { ...driver, volumes: { ...volumes, grow } };
    });
    await make('books');

    await expect(resize('books', 3)).rejects.toMatchObject({ reason: 'operation.deadline' });

    hangs = false;
    await resize('books', 3);
    const { volume } = await server.engine.volumes.get(ADMIN, 'books');
    expect(impatient.world.volumes.sizeGib(volume.id)).toBe(3);
  });

  it('is as large as was written down, where a server has died before it was', async () => {
    const { volume } = await server.engine.volumes.get(ADMIN, 'books');
    await server.store.volumes.update({ ...volume, sizeGib: 4, revision: volume.revision + 1 });
    expect(await sizeOf()).toEqual([4, 2]);
    await server.stop();

    server = await installation.start();

    await expect.poll(sizeOf).toEqual([4, 4]);
  });
});
