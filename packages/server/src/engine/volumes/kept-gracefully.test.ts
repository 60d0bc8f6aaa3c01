import { afterEach, beforeEach, expect, it } from 'vitest';
import { createSystemClock } from '../../adapters/system/system-clock.ts';
import type { Operation } from '../../domain/operation/operation.ts';
import type { Clock } from '../../ports/clock.ts';
import { ADMIN, createInstallation, type Installation, type TestServer } from '../installation.test-kit.ts';
import { create, finish, soon } from '../vm-life.test-kit.ts';

/* A guest whose disks are kept is asked to shut down before its VM is deleted; whatever it does, that is. */

/** What takes half a minute takes one and a half seconds. */
const FASTER = 20;
const real = createSystemClock();
const clock: Clock = {
  ...real,
  monotonicMs: () => FASTER * real.monotonicMs(),
  sleep: (ms, options) => real.sleep(ms / FASTER, options),
};

let installation: Installation;
let server: TestServer;

beforeEach(async () => {
  installation = createInstallation({ clock });
  server = await installation.start();
});
afterEach(async () => {
  await installation[Symbol.asyncDispose]();
});

async function remove(preservesVolumes: boolean): Promise<Operation> {
  const { operation } = await server.engine.vms.delete(ADMIN, 'bird', { preservesVolumes });
  return await server.engine.operations.wait(ADMIN, operation.id, { ...soon, timeoutMs: FASTER * soon.timeoutMs });
}
const stepsOf = ({ steps }: Operation): readonly string[] => steps.map(({ name }) => name);
const states = async () =>
  (await server.store.volumes.list({ limit: 9, after: null })).map(({ name, state }) => `${name} ${state}`);

it('is asked where they are, and not where nothing is', async () => {
  await create(server, 'bird');
  const kept = await remove(true);
  await create(server, 'bird');
  const gone = await remove(false);

  expect(stepsOf(kept)).toEqual(['shut-down-guest', 'end-machine', 'delete-disk']);
  expect(stepsOf(gone)).toEqual(['end-machine', 'delete-disk']);
  expect([kept.state, gone.state]).toEqual(['succeeded', 'succeeded']);
  expect(await states()).toEqual(['bird-root ready']);
});

it.each([
  { 'simulate.shutdown': 'ignored' },
  { 'simulate.unresponsive_after_ms': '100' },
  { 'simulate.link_error': 'unavailable' },
])('is not waited for without an end: %j', async (labels) => {
  await create(server, 'bird', labels);

  expect(await remove(true)).toMatchObject({ state: 'succeeded' });

  expect(await states()).toEqual(['bird-root ready']);
  expect(await server.store.vms.getByName('bird')).toBeNull();
});

it.each([{}, { 'simulate.wake_error': 'unavailable' }, { 'simulate.wake_error': 'data_loss' }])(
  'wakes for it, and goes all the same where that fails: %j',
  async (labels) => {
    await create(server, 'bird', labels);
    await finish(server, (await server.engine.vms.suspend(ADMIN, 'bird', {})).operation);

    const kept = await remove(true);

    expect(kept.state).toBe('succeeded');
    expect(stepsOf(kept)[0]).toBe('wake-machine');
    expect(stepsOf(kept).includes('shut-down-guest')).toBe(Object.keys(labels).length === 0);
    expect(await states()).toEqual(['bird-root ready']);
  },
);

it('has the memory promised that it wakes with, until it is gone, and none where it is not there to be asked', async () => {
  const promisedMib = async () => (await server.store.vms.promised()).memoryMib;
  await create(server, 'bird', { 'simulate.shutdown': 'ignored' });
  const { memoryMib } = (await server.engine.vms.get(ADMIN, 'bird')).spec;
  await finish(server, (await server.engine.vms.suspend(ADMIN, 'bird', {})).operation);
  expect(await promisedMib()).toBe(0);

  const { operation } = await server.engine.vms.delete(ADMIN, 'bird', { preservesVolumes: true });
  expect(await promisedMib()).toBe(memoryMib);
  await server.engine.operations.wait(ADMIN, operation.id, { ...soon, timeoutMs: FASTER * soon.timeoutMs });
  expect(await promisedMib()).toBe(0);

  await create(server, 'bird');
  await finish(server, (await server.engine.vms.stop(ADMIN, 'bird', { graceMs: 0 })).operation);
  const { vm } = await server.engine.vms.delete(ADMIN, 'bird', { preservesVolumes: true });
  expect(vm.desired.graceMs).toBe(0);
});

it('is left to it when somebody less patient deletes the VM meanwhile', async () => {
  await create(server, 'bird', { 'simulate.shutdown': 'ignored' });
  const [kept, impatient] = [
    (await server.engine.vms.delete(ADMIN, 'bird', { preservesVolumes: true })).operation,
    (await server.engine.vms.delete(ADMIN, 'bird', {})).operation,
  ];

  expect(impatient.id).toBe(kept.id);
  const ended = await server.engine.operations.wait(ADMIN, kept.id, { ...soon, timeoutMs: FASTER * soon.timeoutMs });
  expect(ended.state).toBe('succeeded');
  expect(stepsOf(ended)).toEqual(['shut-down-guest', 'end-machine', 'delete-disk']);
});
