import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Principal } from '../../domain/principal/principal.ts';
import { ADMIN, createInstallation, type Installation, type TestServer } from '../installation.test-kit.ts';
import { finish, request } from '../vm-life.test-kit.ts';

const PLACES = { kernelPath: '/k', rootPath: '/r', socketPath: '/s' };
const READER: Principal = { ...ADMIN, rights: { all: new Set(['vm:read'] as const), own: new Set<never>() } };

let installation: Installation;
let server: TestServer;
beforeEach(async () => {
  installation = createInstallation();
  server = await installation.start((driver) => ({ ...driver, locateVm: async () => PLACES }));
});
afterEach(async () => {
  await installation[Symbol.asyncDispose]();
});

it('tells where a VM lies to those who may see its host, and to nobody else', async () => {
  await finish(server, (await server.engine.vms.create(ADMIN, request('bird'))).operation);

  expect(await server.engine.vms.locate(ADMIN, 'bird')).toEqual(PLACES);
  expect(await server.engine.vms.locate(READER, 'bird')).toEqual({
    kernelPath: null,
    rootPath: null,
    socketPath: null,
  });
  await expect(server.engine.vms.locate(ADMIN, 'crow')).rejects.toMatchObject({ reason: 'vm.unknown' });
});

it('tells of nothing where machines of a driver lie nowhere', async () => {
  await server.stop();
  server = await installation.start();
  await finish(server, (await server.engine.vms.create(ADMIN, request('bird'))).operation);

  expect(await server.engine.vms.locate(ADMIN, 'bird')).toEqual({ kernelPath: null, rootPath: null, socketPath: null });
});
