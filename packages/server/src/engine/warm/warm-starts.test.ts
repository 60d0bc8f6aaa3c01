import { afterEach, beforeEach, expect, test } from 'vitest';
import { VolaryError } from '../../domain/errors.ts';
import { ADMIN, type Installation, type TestServer } from '../installation.test-kit.ts';
import { create, finish, request } from '../vm-life.test-kit.ts';
import { createWarmHost, createWarmInstallation } from './warm-host.test-kit.ts';

/* When VMs begin warm, and what becomes of those that cannot. */

let installation: Installation;

beforeEach(() => {
  installation = createWarmInstallation();
});
afterEach(async () => {
  await installation[Symbol.asyncDispose]();
});

async function typesToldOf(server: TestServer, name: string): Promise<readonly string[]> {
  const events = await server.engine.events.list(ADMIN, { after: 0, limit: 200 });
  return events.filter(({ data }) => data['name'] === name).map(({ type }) => type);
}

test('the first VM of a kind boots, and those after it begin from what it has left', { timeout: 20_000 }, async () => {
  const { wrap, built, begunFrom } = createWarmHost();
  const server = await installation.start(wrap);
  await create(server, 'first');
  await built;

  await create(server, 'second');
  await finish(server, (await server.engine.vms.restart(ADMIN, 'second', { graceMs: 0 })).operation);

  expect(begunFrom).toEqual([null, '256 MiB', null]);
  expect(await server.engine.vms.get(ADMIN, 'second')).toMatchObject({ status: { phase: 'running' }, incarnation: 2 });
});

test('a template that cannot be begun from is removed and told of, and its VM boots', { timeout: 20_000 }, async () => {
  const { wrap, built, begunFrom } = createWarmHost({
    begin: async () => {
      throw new VolaryError('data_loss', 'Not what it was.', { reason: 'snapshot.damaged' });
    },
  });
  const server = await installation.start(wrap);
  await create(server, 'first');
  await built;

  expect(await create(server, 'second')).toMatchObject({ state: 'succeeded' });

  expect(begunFrom).toEqual([null, '256 MiB', null]);
  expect(installation.world.templates.ids()).toEqual([]);
  expect(await typesToldOf(server, 'second')).toContain('vm.warm_start_failed');
});

test('a kind of machine whose template cannot be made boots, and is not tried again at once', {
  timeout: 20_000,
}, async () => {
  let attempts = 0;
  const { wrap, built, begunFrom } = createWarmHost({
    build: async () => {
      attempts += 1;
      throw new VolaryError('resource_exhausted', 'The disk is full.', { reason: 'driver.disk_full' });
    },
  });
  const server = await installation.start(wrap);
  await create(server, 'first');
  await built;

  expect(await create(server, 'second')).toMatchObject({ state: 'succeeded' });
  expect(begunFrom).toEqual([null, null]);
  expect(attempts).toBe(1);
});

test('one that is to boot does, and one that requires a template is refused where there is none', {
  timeout: 20_000,
}, async () => {
  const { wrap, built, begunFrom } = createWarmHost();
  const server = await installation.start(wrap);
  const { vms } = server.engine;
  await expect(vms.create(ADMIN, { ...request('early'), warmStart: 'require' })).rejects.toMatchObject({
    code: 'failed_precondition',
    reason: 'vm.no_warm_template',
  });
  await create(server, 'first');
  await built;

  for (const warmStart of ['never', 'require'] as const) {
    const { operation } = await vms.create(ADMIN, { ...request(warmStart), warmStart });
    expect(await finish(server, operation)).toMatchObject({ state: 'succeeded' });
  }

  // As a fork, or given a machine that was one already.
  expect(begunFrom.filter((from) => from === null)).toHaveLength(2);
});

test('one that requires a template fails where that cannot be begun from', { timeout: 20_000 }, async () => {
  const { wrap, built } = createWarmHost({
    begin: async () => {
      throw new VolaryError('data_loss', 'Not what it was.', { reason: 'snapshot.damaged' });
    },
  });
  const server = await installation.start(wrap);
  await create(server, 'first');
  await built;

  const { operation } = await server.engine.vms.create(ADMIN, { ...request('second'), warmStart: 'require' });

  expect(await finish(server, operation)).toMatchObject({ state: 'failed', error: { reason: 'snapshot.damaged' } });
});
