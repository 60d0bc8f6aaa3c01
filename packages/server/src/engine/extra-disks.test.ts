import { afterEach, beforeEach, expect, it } from 'vitest';
import { ADMIN, createInstallation, type Installation, type TestServer } from './installation.test-kit.ts';
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

const DISKS = [
  { name: 'data', sizeGib: 3 },
  { name: 'logs', sizeGib: 1 },
];

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
  const create = (disks: readonly { name: string; sizeGib: number }[]) =>
    server.engine.vms.create(ADMIN, { ...request('bird'), spec: { disks } });

  await expect(create([{ name: 'A', sizeGib: 1 }])).rejects.toMatchObject({ reason: 'vm.invalid_disks' });
  await expect(create([{ name: 'a', sizeGib: 0 }])).rejects.toMatchObject({ code: 'invalid_argument' });
  await expect(create(DISKS.map(({ name }) => ({ name, sizeGib: 16_384 })))).rejects.toMatchObject({
    code: 'resource_exhausted',
  });
});

it('keep a VM from being saved and forked', async () => {
  const { operation } = await server.engine.vms.create(ADMIN, { ...request('bird'), spec: { disks: DISKS } });
  await finish(server, operation);
  const refused = { code: 'unsupported', reason: 'snapshot.extra_disks' };

  const saving = { name: 'one', description: '', labels: {} };
  await expect(server.engine.snapshots.create(ADMIN, 'bird', saving)).rejects.toMatchObject(refused);
  const forking = { count: 1, names: null, namePrefix: null, labels: {} };
  await expect(server.engine.snapshots.fork(ADMIN, 'bird', forking)).rejects.toMatchObject(refused);
});
