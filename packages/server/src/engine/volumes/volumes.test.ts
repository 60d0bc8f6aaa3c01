import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Driver } from '../../ports/driver.ts';
import type { DriverVolumes } from '../../ports/driver-volumes.ts';
import type { CreateVolumeRequest } from '../apis/volume-api.ts';
import { ADMIN, createInstallation, type Installation, type TestServer } from '../installation.test-kit.ts';
import { principalWith } from '../principals.test-kit.ts';
import { forkRequest, snapshotRequest } from '../snapshots/snapshots.test-kit.ts';
import { finish, request } from '../vm-life.test-kit.ts';

let installation: Installation;
let server: TestServer;

beforeEach(async () => {
  installation = createInstallation();
  server = await installation.start();
});
afterEach(async () => {
  await installation[Symbol.asyncDispose]();
});

const empty = (name: string, sizeGib = 2): CreateVolumeRequest => ({
  ...{ name, labels: {}, sizeGib, source: { kind: 'empty' } },
});
const make = async (name: string, asked: Partial<CreateVolumeRequest> = {}) =>
  await finish(server, (await server.engine.volumes.create(ADMIN, { ...empty(name), ...asked })).operation);
const withVolume = (name: string, ref: string, isReadonly = false) => ({
  ...request(name),
  volumes: [{ ref, disk: 'data', isReadonly }],
});
const create = async (name: string, ref: string, isReadonly = false) =>
  await finish(server, (await server.engine.vms.create(ADMIN, withVolume(name, ref, isReadonly))).operation);
const remove = async (name: string, preservesVolumes = false) =>
  await finish(server, (await server.engine.vms.delete(ADMIN, name, { preservesVolumes })).operation);
const kept = async () => (await installation.world.volumes.ids()).length;

describe('a volume', () => {
  it('is made by an operation, counts for its owner and the host, is shown, renamed and removed', async () => {
    const before = await server.store.vms.promised();

    expect((await make('books', { labels: { team: 'blue' } })).state).toBe('succeeded');

    expect((await server.store.vms.promised()).diskGib - before.diskGib).toBe(2);
    expect((await server.engine.quotas.own(ADMIN)).used.diskGib).toBe(2);
    const page = { limit: 9, after: null };
    expect((await server.engine.volumes.list(ADMIN, { ...page, selector: 'team=blue' })).items).toHaveLength(1);
    expect((await server.engine.volumes.list(ADMIN, { ...page, selector: 'team=red' })).items).toEqual([]);
    await server.engine.volumes.update(ADMIN, 'books', { name: 'tomes', labels: {} });
    await expect(server.engine.volumes.get(ADMIN, 'books')).rejects.toMatchObject({ reason: 'volume.unknown' });

    await finish(server, (await server.engine.volumes.delete(ADMIN, 'tomes')).operation);
    expect(await kept()).toBe(0);
    const types = (await server.store.events.list({ after: 0, limit: 200 })).map(({ type }) => type);
    expect(types.filter((type) => type.startsWith('volume.'))).toEqual([
      ...['volume.created', 'volume.ready', 'volume.updated', 'volume.deleted'],
    ]);
  });

  it('is refused as two disks of one VM, whether that writes to it or not', async () => {
    await make('books');
    const { id } = (await server.engine.volumes.get(ADMIN, 'books')).volume;
    for (const isReadonly of [true, false]) {
      const volumes = [
        { ref: 'books', disk: 'one', isReadonly },
        { ref: id, disk: 'two', isReadonly },
      ];
      await expect(server.engine.vms.create(ADMIN, { ...request('bird'), volumes })).rejects.toMatchObject({
        ...{ code: 'invalid_argument', reason: 'vm.invalid_disks' },
        message: 'disks cannot be as they were asked for: one and two are the same volume.',
      });
    }
    expect(await server.store.vms.getByName('bird')).toBeNull();
  });

  it('is refused by its name, its size, the quota and the host, and nothing is left', async () => {
    const refused = async (asked: Partial<CreateVolumeRequest>) =>
      await server.engine.volumes.create(ADMIN, { ...empty('books'), ...asked }).catch((error: unknown) => error);

    expect(await refused({ name: 'No' })).toMatchObject({ reason: 'volume.invalid_name' });
    expect(await refused({ sizeGib: null })).toMatchObject({ reason: 'volume.size_needed' });
    expect(await refused({ sizeGib: 0 })).toMatchObject({ reason: 'volume.invalid_size' });
    expect(await refused({ sizeGib: 16_384 })).toMatchObject({ reason: 'host.no_disk' });
    expect(await refused({ source: { kind: 'volume', ref: 'none' } })).toMatchObject({ reason: 'volume.unknown' });
    await server.engine.users.update(ADMIN, 'admin', { quota: { diskGib: 1 } });
    expect(await refused({})).toMatchObject({ reason: 'quota.exceeded' });
    expect(await server.store.volumes.count()).toBe(0);
  });

  it('begins with an image or another volume, and fails with what it cannot be had from', async () => {
    expect((await make('root', { source: { kind: 'image', image: 'base' } })).state).toBe('succeeded');
    expect((await make('copy', { source: { kind: 'volume', ref: 'root' }, sizeGib: null })).state).toBe('succeeded');
    const failed = await make('other', { source: { kind: 'image', image: 'nothing' } });

    expect(failed).toMatchObject({ state: 'failed' });
    expect((await server.engine.volumes.get(ADMIN, 'other')).volume).toMatchObject({ state: 'failed' });
    expect((await server.engine.volumes.get(ADMIN, 'copy')).volume.sizeGib).toBe(2);
    expect(await kept()).toBe(2);
  });

  it('belongs to somebody: others do not see it, and take the permission to attach', async () => {
    await make('books');
    const [member, reader] = [
      principalWith('ann', '*@own', 'image:read'),
      principalWith('bob', '*@own', 'volume:read'),
    ];

    await expect(server.engine.volumes.get(member, 'books')).rejects.toMatchObject({ reason: 'volume.unknown' });
    await expect(server.engine.vms.create(member, withVolume('a', 'books'))).rejects.toMatchObject({
      reason: 'volume.unknown',
    });
    await expect(server.engine.vms.create(reader, withVolume('a', 'books'))).rejects.toMatchObject({
      reason: 'access.denied',
    });
  });
});

describe('a VM with a volume', () => {
  beforeEach(async () => {
    await make('books');
  });

  it('writes to it alone, as long as it is kept, and takes nothing of it along', async () => {
    const before = await server.store.vms.promised();
    expect((await create('bird', 'books')).state).toBe('succeeded');

    const { volume, holders } = await server.engine.volumes.get(ADMIN, 'books');
    expect(holders).toMatchObject([{ vmName: 'bird', disk: 'data', isReadonly: false }]);
    expect((await server.engine.vms.get(ADMIN, 'bird')).spec.disks).toMatchObject([
      { name: 'data', sizeGib: 2, volume: volume.id },
    ]);
    expect((await server.store.vms.promised()).diskGib - before.diskGib).toBe(8);
    for (const asked of [withVolume('other', 'books'), withVolume('other', 'books', true)])
      await expect(server.engine.vms.create(ADMIN, asked)).rejects.toMatchObject({
        reason: 'volume.in_use',
        details: { vms: [{ name: 'bird' }] },
      });
    await expect(server.engine.volumes.delete(ADMIN, 'books')).rejects.toMatchObject({ reason: 'volume.in_use' });
    await expect(
      server.engine.volumes.create(ADMIN, { ...empty('copy'), source: { kind: 'volume', ref: 'books' } }),
    ).rejects.toMatchObject({ reason: 'volume.in_use' });
    expect(await server.store.vms.getByName('other')).toBeNull();

    await remove('bird');
    expect((await create('other', 'books')).state).toBe('succeeded');
    expect(await kept()).toBe(1);
  });

  it('reads it beside others, and no one writes meanwhile', async () => {
    await create('a', 'books', true);
    await create('b', 'books', true);

    await expect(server.engine.vms.create(ADMIN, withVolume('c', 'books'))).rejects.toMatchObject({
      reason: 'volume.in_use',
    });
    await expect(server.engine.snapshots.create(ADMIN, 'a', snapshotRequest())).rejects.toMatchObject({
      reason: 'snapshot.reads_volume',
    });
    expect((await server.engine.volumes.get(ADMIN, 'books')).holders).toHaveLength(2);
  });

  it('is saved and forked with a copy of what is in it, and is not taken back in place', async () => {
    await create('bird', 'books');
    await finish(server, (await server.engine.snapshots.create(ADMIN, 'bird', snapshotRequest('saved'))).operation);
    const { items } = await server.engine.snapshots.fork(ADMIN, 'bird', forkRequest(1));
    for (const { operation } of items.filter((item) => item.kind === 'accepted')) await finish(server, operation);

    const [fork] = items.flatMap((item) => (item.kind === 'accepted' ? [item.vm] : []));
    expect(fork?.spec.disks).toMatchObject([{ name: 'data', sizeGib: 2, volume: null }]);
    expect((await server.engine.snapshots.get(ADMIN, 'saved')).spec.disks).toMatchObject([{ volume: null }]);
    await expect(server.engine.snapshots.restore(ADMIN, 'bird', { snapshot: 'saved' })).rejects.toMatchObject({
      reason: 'snapshot.has_volumes',
    });
    expect((await server.engine.volumes.get(ADMIN, 'books')).holders).toHaveLength(1);
  });
});

describe('disks that are preserved', () => {
  const disks = [{ name: 'logs', sizeGib: 1, content: null, isReadonly: false, target: null, volume: null }];
  const makeVm = async () =>
    await finish(server, (await server.engine.vms.create(ADMIN, { ...request('bird'), spec: { disks } })).operation);

  it('become volumes with what they come from, and others can have them', async () => {
    await makeVm();
    const before = (await server.store.vms.promised()).diskGib;

    const operation = await remove('bird', true);

    expect(operation).toMatchObject({
      state: 'succeeded',
      result: { volumes: [{ name: 'bird-root' }, { name: 'bird-logs' }] },
    });
    expect((await server.store.vms.promised()).diskGib).toBe(before);
    expect((await server.engine.volumes.get(ADMIN, 'bird-root')).volume).toMatchObject({
      ...{ state: 'ready', sizeGib: 8, operationId: null },
      origin: { kind: 'vm', name: 'bird', disk: null, image: 'base' },
    });
    expect((await create('next', 'bird-logs')).state).toBe('succeeded');
    await makeVm();
    await remove('bird', true);
    expect(
      (await server.engine.volumes.list(ADMIN, { limit: 9, after: null })).items.map(({ volume }) => volume.name),
    ).toEqual([
      ...['bird-root', 'bird-logs'],
      ...[expect.stringMatching(/^bird-root-.{8}$/), expect.stringMatching(/^bird-logs-.{8}$/)],
    ]);
  });

  it('are refused where there is none, or where it may not be made', async () => {
    const { operation } = await server.engine.vms.create(
      ADMIN,
      request('new', { 'simulate.create_error': 'resource_exhausted' }),
    );
    expect((await finish(server, operation)).state).toBe('failed');

    await expect(server.engine.vms.delete(ADMIN, 'new', { preservesVolumes: true })).rejects.toMatchObject({
      reason: 'volume.nothing_to_keep',
    });
    const member = principalWith('ann', 'vm:delete', 'vm:read');
    await expect(server.engine.vms.delete(member, 'new', { preservesVolumes: true })).rejects.toMatchObject({
      reason: 'access.denied',
    });
    expect(await server.store.volumes.count()).toBe(0);
  });
});

describe('a server that dies over a volume', () => {
  /** Stands still at the first deed of this kind, before or after it, as if it had been killed there. */
  const dyingAt = (deed: 'create' | 'remove', when: 'before' | 'after') => {
    const reached = Promise.withResolvers<void>();
    const wrap = (driver: Driver): Driver => {
      const { volumes } = driver;
      if (volumes === null) return driver;
      const stand = async (signal: AbortSignal): Promise<never> => {
        reached.resolve();
        await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
        throw signal.reason;
      };
      const create: DriverVolumes['create'] = async (volume, options) => {
        if (deed === 'create' && when === 'after') await volumes.create(volume, options);
        return deed === 'create' ? await stand(options.signal) : await volumes.create(volume, options);
      };
      const remove: DriverVolumes['remove'] = async (id, options) => {
        if (deed === 'remove' && when === 'after') await volumes.remove(id, options);
        return deed === 'remove' ? await stand(options.signal) : await volumes.remove(id, options);
      };
      return { ...driver, volumes: { ...volumes, create, remove } };
    };
    return { reached: reached.promise, wrap };
  };
  const restarted = async (): Promise<void> => {
    await server.stop();
    server = await installation.start();
  };
  const states = async () =>
    (await server.store.volumes.list({ limit: 9, after: null })).map(({ state, name }) => `${name} ${state}`);

  it.each(['before', 'after'] as const)('%s it was made, is followed by one that has it', async (when) => {
    await server.stop();
    const { reached, wrap } = dyingAt('create', when);
    server = await installation.start(wrap);
    const { operation } = await server.engine.volumes.create(ADMIN, empty('books'));
    await reached;
    await restarted();

    expect((await finish(server, operation)).state).toBe('succeeded');
    expect([await states(), await kept()]).toEqual([['books ready'], 1]);
  });

  it.each(['before', 'after'] as const)('%s it was removed, is followed by one without it', async (when) => {
    await make('books');
    await server.stop();
    const { reached, wrap } = dyingAt('remove', when);
    server = await installation.start(wrap);
    const { operation } = await server.engine.volumes.delete(ADMIN, 'books');
    await reached;
    await restarted();

    expect((await finish(server, operation)).state).toBe('succeeded');
    expect([await states(), await kept()]).toEqual([[], 0]);
  });

  it.each(['before', 'after'] as const)(
    '%s the disk of a deleted VM was kept, is followed by one that keeps it',
    async (when) => {
      await finish(server, (await server.engine.vms.create(ADMIN, request('bird'))).operation);
      await server.stop();
      const { reached, wrap } = dyingAt('create', when);
      server = await installation.start(wrap);
      const { operation } = await server.engine.vms.delete(ADMIN, 'bird', { preservesVolumes: true });
      await reached;
      await expect(server.engine.volumes.delete(ADMIN, 'bird-root')).rejects.toMatchObject({
        reason: 'volume.not_ready',
      });
      await restarted();

      expect((await finish(server, operation)).state).toBe('succeeded');
      expect([await states(), await kept()]).toEqual([['bird-root ready'], 1]);
      expect(await server.store.vms.getByName('bird')).toBeNull();
    },
  );
});
