import { afterEach, beforeEach, expect, it } from 'vitest';
import { sampleImage } from '../ports/store-contract/samples.contract.ts';
import { ADMIN, createInstallation, type Installation, type TestServer } from './installation.test-kit.ts';
import { fileGrant, files, keep, VALUE } from './secrets/secrets.test-kit.ts';
import { finish, request, soon } from './vm-life.test-kit.ts';

/* Systems that bring everything of their own, and so perhaps no agent. */

let installation: Installation;
let server: TestServer;

beforeEach(async () => {
  installation = createInstallation({ settings: { systemBootMs: 100, pingMs: 50 } });
  server = await installation.start();
  await server.store.images.put(sampleImage('debian'));
});
afterEach(async () => {
  await installation[Symbol.asyncDispose]();
});

async function create(labels: Record<string, string>) {
  await keep(server, 'TOKEN');
  const asked = { ...request('bird', labels), spec: { image: 'debian' }, secrets: [fileGrant('TOKEN')] };
  const { operation } = await server.engine.vms.create(ADMIN, asked);
  return await finish(server, operation);
}

async function untilHealthy(): Promise<void> {
  for await (const page of await server.engine.events.follow(ADMIN, { after: 0, signal: AbortSignal.timeout(20_000) }))
    if (page.some(({ type, data }) => type === 'vm.health_changed' && data['to'] === 'healthy')) return;
}

const COMMAND = { argv: ['true'], env: {}, cwd: '', user: '', tty: null, hasStdin: false, timeoutMs: 0 };

it('run without an agent when none answers in their time, and nobody is kept waiting for one', async () => {
  expect(await create({ 'simulate.agent': 'silent' })).toMatchObject({ state: 'succeeded' });

  const { status, health, startedAt } = await server.engine.vms.get(ADMIN, 'bird');
  expect({ phase: status.phase, health }).toEqual({ phase: 'running', health: 'unknown' });
  expect(startedAt).not.toBeNull();
  const refused = { code: 'unsupported', reason: 'guest.no_agent' };
  await expect(server.engine.executions.start(ADMIN, 'bird', COMMAND, soon)).rejects.toMatchObject(refused);
  await expect(server.engine.files.stat(ADMIN, 'bird', '/', soon)).rejects.toMatchObject(refused);
  expect((await server.engine.vms.get(ADMIN, 'bird')).health).toBe('unknown');
  expect(await finish(server, (await server.engine.vms.stop(ADMIN, 'bird', { graceMs: 100 })).operation)).toMatchObject(
    {
      state: 'succeeded',
    },
  );
});

it('are as others from when an agent answers late, and have been given their secrets', async () => {
  await create({ 'simulate.agent': 'late:1500' });
  expect((await server.engine.vms.get(ADMIN, 'bird')).health).toBe('unknown');

  await untilHealthy();

  expect(await files(server, 'bird')).toEqual({ token: { mode: 0o400, content: VALUE } });
  await expect(server.engine.executions.start(ADMIN, 'bird', COMMAND, soon)).resolves.toBeDefined();
});

it('have a cloud-init of their own', async () => {
  const cloudInit = { userData: '#cloud-config\n', metaData: null, networkConfig: null };
  const asked = (image: string) => ({ ...request('bird', {}, false), spec: { image, cloudInit } });

  const { vm } = await server.engine.vms.create(ADMIN, asked('debian'));
  expect(vm.spec).toMatchObject({ cloudInit, tools: [] });
});
