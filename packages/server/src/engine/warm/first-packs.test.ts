import { afterEach, beforeEach, expect, test } from 'vitest';
import { VolaryError } from '../../domain/errors.ts';
import type { Driver } from '../../ports/driver.ts';
import { ADMIN, type Installation, type TestServer } from '../installation.test-kit.ts';
import { create, finish, request, soon } from '../vm-life.test-kit.ts';
import { createWarmHost, createWarmInstallation, type WarmHost } from './warm-host.test-kit.ts';

/* Tools of VMs that have not to boot: they have them from the start. */

let installation: Installation;

beforeEach(() => {
  installation = createWarmInstallation({ sweepMs: 100, orphanGraceMs: 1 });
});
afterEach(async () => {
  await installation[Symbol.asyncDispose]();
});

/** A server with a machine that waits. */
async function start(wrap: (driver: Driver) => Driver = (driver) => driver): Promise<[TestServer, WarmHost]> {
  const host = createWarmHost();
  const server = await installation.start((driver) => host.wrap(wrap(driver)));
  await create(server, 'first');
  await expect.poll(() => host.spares.size, { timeout: 10_000 }).toBe(1);
  return [server, host];
}

async function createWithTools(server: TestServer, name: string) {
  const asked = { ...request(name), tools: ['nodejs@20', 'git@2.39'] };
  const { operation, vm } = await server.engine.vms.create(ADMIN, asked);
  const done = await finish(server, operation);
  const packs = (installation.world.vms.get(vm.id)?.packs ?? []).map((pack) => `${pack.name}@${pack.version}`);
  return { id: vm.id, state: done.state, steps: done.steps.map((step) => `${step.name} ${step.state}`), packs };
}

const TOOLS = ['nodejs@20.19.5', 'git@2.39.5'];

test('one that was made ahead, and one that begins from a template, are started with them, and need no step more', {
  timeout: 20_000,
}, async () => {
  const [server, host] = await start();
  await finish(server, await server.engine.tools.build(ADMIN, { name: 'nodejs', range: '20' }));
  await finish(server, await server.engine.tools.build(ADMIN, { name: 'git', range: '2.39' }));
  const [spare] = host.spares;

  const made = await createWithTools(server, 'made');

  expect(made).toEqual({ id: spare, state: 'succeeded', steps: ['start-machine succeeded'], packs: TOOLS });
  expect((await server.engine.vms.get(ADMIN, 'made')).status.phase).toBe('running');
});

test('what is not built yet is built while the machine runs, and given to it then', { timeout: 20_000 }, async () => {
  const [server] = await start();

  const { steps, packs } = await createWithTools(server, 'made');

  expect(steps).toEqual(['start-machine succeeded', 'ensure-tools succeeded', 'attach-tools succeeded']);
  expect(packs).toEqual(TOOLS);
});

test('a pack that goes at that moment costs another try, and neither the machine nor the template', {
  timeout: 20_000,
}, async () => {
  let isGone = false;
  const [server, host] = await start((driver) => ({
    ...driver,
    async startMachine(machine, options) {
      if (!isGone || (machine.packs ?? []).length === 0) return await driver.startMachine(machine, options);
      isGone = false;
      throw new VolaryError('unavailable', 'It is gone.', { reason: 'driver.pack_gone' });
    },
  }));
  await createWithTools(server, 'earlier');
  await expect.poll(() => host.spares.size, { timeout: 10_000 }).toBeGreaterThan(0);
  const waiting = new Set(host.spares);
  isGone = true;

  const { id, state, steps, packs } = await createWithTools(server, 'made');

  expect({ state, steps, packs }).toEqual({
    state: 'succeeded',
    steps: ['start-machine failed', 'start-machine succeeded'],
    packs: TOOLS,
  });
  expect(isGone).toBe(false);
  expect((await server.engine.warmTemplates.list(ADMIN, soon)).length).toBe(1);
  expect(waiting).toContain(id);
});
