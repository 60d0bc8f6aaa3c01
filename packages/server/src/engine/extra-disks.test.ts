import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { NEVER_MATCHES } from '../adapters/drivers/simulated/simulated-images.ts';
import { contentNameOf } from '../domain/image/definition.ts';
import type { Principal } from '../domain/principal/principal.ts';
import { type ExtraDisk, emptyDisk } from '../domain/vm/extra-disk.ts';
import { VM_DEFAULTS } from '../domain/vm/spec.ts';
import { ADMIN, createInstallation, type Installation, type TestServer } from './installation.test-kit.ts';
import { principalWith } from './principals.test-kit.ts';
import { finish, request } from './vm-life.test-kit.ts';

let installation: Installation;
let server: TestServer;

beforeEach(async () => {
  installation = createInstallation();
  server = await installation.start();
});
afterEach(async () => {
  await installation[Symbol.asyncDispose]();
});

const DISKS = [emptyDisk('data', 3), emptyDisk('logs', 1)];

it('are kept with the VM, and count for what is promised with all of their size', async () => {
  const before = await server.store.vms.promised();
  const { operation } = await server.engine.vms.create(ADMIN, {
    ...request('bird'),
    spec: { diskGib: 2, disks: DISKS },
  });
  await finish(server, operation);

  expect((await server.engine.vms.get(ADMIN, 'bird')).spec).toMatchObject({ diskGib: 2, disks: DISKS });
  expect((await server.store.vms.promised()).diskGib - before.diskGib).toBe(6);
});

it('are refused by their names, and where the host has no room for all of them', async () => {
  const create = (disks: readonly ExtraDisk[]) =>
    server.engine.vms.create(ADMIN, { ...request('bird'), spec: { disks } });

  await expect(create([emptyDisk('A', 1)])).rejects.toMatchObject({ reason: 'vm.invalid_disks' });
  await expect(create([emptyDisk('a', 0)])).rejects.toMatchObject({ code: 'invalid_argument' });
  await expect(create(DISKS.map(({ name }) => emptyDisk(name, 16_384)))).rejects.toMatchObject({
    code: 'resource_exhausted',
  });
});

it('go with a fork, which is promised as much as its source', async () => {
  const spec = { diskGib: 2, disks: DISKS };
  await finish(server, (await server.engine.vms.create(ADMIN, { ...request('bird'), spec })).operation);
  const before = await server.store.vms.promised();

  const forking = { count: 1, names: ['fork'], namePrefix: null, labels: {} };
  const { items } = await server.engine.snapshots.fork(ADMIN, 'bird', forking);
  for (const { operation } of items.filter((item) => item.kind === 'accepted')) await finish(server, operation);

  expect((await server.engine.vms.get(ADMIN, 'fork')).spec).toMatchObject(spec);
  expect((await server.store.vms.promised()).diskGib - before.diskGib).toBe(6);
});

const SHA = 'ab'.repeat(32);
const content = (sha256 = SHA) => ({
  source: { location: 'https://example.com/data.raw', sha256 },
  format: 'raw' as const,
  isLocalAllowed: false,
});

describe('a disk that begins with something', () => {
  const data = { ...emptyDisk('data', 2), content: content() };
  const books = { ...emptyDisk('books', 1), sizeGib: null, content: content(), isReadonly: true };
  const make = async (name: string, disks: readonly ExtraDisk[]) =>
    finish(server, (await server.engine.vms.create(ADMIN, { ...request(name), spec: { disks } })).operation);

  it('has it fetched before it is made, and takes nothing of its own where it is only read', async () => {
    const before = await server.store.vms.promised();

    expect((await make('bird', [data, books])).state).toBe('succeeded');

    expect((await server.engine.vms.get(ADMIN, 'bird')).spec.disks.map(({ sizeGib }) => sizeGib)).toEqual([2, null]);
    expect((await server.store.vms.promised()).diskGib - before.diskGib).toBe(VM_DEFAULTS.diskGib + 2);
  });

  it('is as large as that where nobody says how large, once it is on the host', async () => {
    const unsized = { ...data, sizeGib: null };
    const create = () => server.engine.vms.create(ADMIN, { ...request('other'), spec: { disks: [unsized] } });
    await expect(create()).rejects.toMatchObject({
      reason: 'vm.disk_size_needed',
      details: { field: 'disks[0].size_gib' },
    });
    await make('bird', [data]);

    await create();

    // What is simulated is as large as the root of the base.
    expect((await server.engine.vms.get(ADMIN, 'other')).spec.disks[0]?.sizeGib).toBe(1);
  });

  it('fails with its VM when the bytes are others', async () => {
    const operation = await make('bird', [{ ...data, content: content(NEVER_MATCHES) }]);

    expect(operation).toMatchObject({ state: 'failed', error: { reason: 'download.checksum_mismatch' } });
  });

  it('is kept from a prune as long as a VM or a template has such a disk', async () => {
    const unneeded = async (): Promise<readonly string[]> => {
      const uses = await server.engine.system.usage(ADMIN, { signal: new AbortController().signal });
      const images = uses.find(({ kind }) => kind === 'images');
      return images?.things.filter(({ isReclaimable }) => isReclaimable).map(({ name }) => `${name}`) ?? [];
    };
    await make('bird', [books]);
    expect(await unneeded()).toEqual([]);

    await finish(server, (await server.engine.vms.delete(ADMIN, 'bird', {})).operation);

    expect(await unneeded()).toEqual([contentNameOf(content())]);
  });

  it('takes the permission to import, and more for what is on the host', async () => {
    const member = principalWith('ann', 'vm:create', 'vm:read');
    const importer = principalWith('bob', 'vm:create', 'vm:read', 'image:create');
    const create = (principal: Principal, location: string) => {
      const disks = [{ ...data, content: { ...content(), source: { location, sha256: SHA } } }];
      return server.engine.vms.create(principal, { ...request('bird'), spec: { disks } });
    };

    await expect(create(member, 'https://example.com/d')).rejects.toMatchObject({ reason: 'access.denied' });
    await expect(create(importer, '/srv/d')).rejects.toMatchObject({ reason: 'access.denied' });
    await expect(create(importer, 'http://127.0.0.1/d')).rejects.toMatchObject({ reason: 'access.denied' });
    await expect(create(importer, 'ftp://example.com/d')).rejects.toMatchObject({ reason: 'image.invalid_definition' });
    const { vm } = await create(importer, 'https://example.com/d');
    expect(vm.spec.disks[0]?.content?.isLocalAllowed).toBe(false);
  });
});
