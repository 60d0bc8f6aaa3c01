import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Operation } from '../../domain/operation/operation.ts';
import { BUILT_IN_ROLES } from '../../domain/principal/roles.ts';
import type { BatchRequest } from '../apis/batch-api.ts';
import { ADMIN, createInstallation, type Installation, type TestServer } from '../installation.test-kit.ts';
import { principalWith } from '../principals.test-kit.ts';
import { create, finish } from '../vm-life.test-kit.ts';
import { readBatchResult } from './batch-result.ts';

let installation: Installation;
let server: TestServer;

beforeEach(async () => {
  installation = createInstallation();
  server = await installation.start();
});
afterEach(async () => {
  await installation[Symbol.asyncDispose]();
});

/** `stop a`, say. */
function batch(lines: readonly string[], change: Partial<BatchRequest> = {}): BatchRequest {
  const items = lines.map((line) => {
    const [action = '', vm = ''] = line.split(' ');
    const known = (['start', 'stop', 'restart', 'pause', 'resume', 'suspend', 'delete'] as const).find(
      (one) => one === action,
    );
    if (known === undefined) throw new TypeError(action);
    return { action: known, target: { vm }, graceMs: 0 };
  });
  return { isStoppedByError: false, concurrency: 8, items, ...change };
}

async function run(lines: readonly string[], change: Partial<BatchRequest> = {}): Promise<Operation> {
  return await finish(server, await server.engine.batches.run(ADMIN, batch(lines, change)));
}

function statesOf({ result }: Operation): readonly string[] {
  return (readBatchResult(result)?.items ?? []).map(({ action, name, state, error }) =>
    [action, name, state, error?.reason ?? []].flat().join(' '),
  );
}

it('does to each VM what is asked of it, with an operation for each', async () => {
  for (const name of ['a', 'b', 'c']) await create(server, name);

  const operation = await run(['stop a', 'pause b', 'delete c']);

  expect(operation).toMatchObject({ kind: 'vm.batch', state: 'succeeded', progress: null });
  expect(statesOf(operation)).toEqual(['stop a succeeded', 'pause b succeeded', 'delete c succeeded']);
  expect((await server.engine.vms.get(ADMIN, 'a')).status.phase).toBe('stopped');
  expect((await server.engine.vms.get(ADMIN, 'b')).status.phase).toBe('paused');
  await expect(server.engine.vms.get(ADMIN, 'c')).rejects.toMatchObject({ reason: 'vm.unknown' });
  const [first] = readBatchResult(operation.result)?.items ?? [];
  const stop = first?.operationId == null ? null : await server.store.operations.get(first.operationId);
  expect(stop).toMatchObject({ kind: 'vm.stop', state: 'succeeded', principal: 'admin' });
});

it('says which failed and why, and goes on with the others, or begins no more', async () => {
  for (const name of ['a', 'b']) await create(server, name);

  const all = await run(['start a', 'stop b']);
  expect(all).toMatchObject({ state: 'failed', error: { reason: 'batch.items_failed', details: { failed: 1 } } });
  expect(statesOf(all)).toEqual(['start a failed vm.already_running', 'stop b succeeded']);

  const ordered = await run(['stop a', 'stop b', 'delete a'], { concurrency: 1, isStoppedByError: true });
  expect(ordered).toMatchObject({ error: { details: { failed: 1, skipped: 1 } } });
  expect(statesOf(ordered)).toEqual(['stop a succeeded', 'stop b failed vm.already_stopped', 'delete a skipped']);
  expect((await server.engine.vms.get(ADMIN, 'a')).status.phase).toBe('stopped');
});

it('does one after another in order, the same VM too', async () => {
  await create(server, 'a');

  const operation = await run(['stop a', 'start a', 'restart a', 'suspend a', 'resume a'], { concurrency: 1 });

  expect(operation.state).toBe('succeeded');
  expect((await server.engine.vms.get(ADMIN, 'a')).status.phase).toBe('running');
});

it('is refused as a whole where a VM is unknown or somebody may not do it, and nothing is done', async () => {
  await create(server, 'a');
  const { batches } = server.engine;
  const member = principalWith('alice', ...BUILT_IN_ROLES.member);
  const powerOnly = principalWith('admin', 'vm:read', 'vm:power');

  await expect(batches.run(ADMIN, batch(['stop a', 'stop nobody']))).rejects.toMatchObject({ reason: 'vm.unknown' });
  await expect(batches.run(member, batch(['stop a']))).rejects.toMatchObject({ reason: 'vm.unknown' });
  await expect(batches.run(powerOnly, batch(['stop a', 'delete a']))).rejects.toMatchObject({
    code: 'permission_denied',
  });
  for (const change of [{ concurrency: 0 }, { concurrency: 33 }, { items: [] }])
    await expect(batches.run(ADMIN, batch(['stop a'], change))).rejects.toMatchObject({ reason: 'batch.out_of_range' });

  expect((await server.engine.vms.get(ADMIN, 'a')).status.phase).toBe('running');
  expect((await server.store.operations.listActive()).length).toBe(0);
});

it('is gone on with by the next server, and nothing is done twice', async () => {
  for (const name of ['a', 'b']) await create(server, name);
  const lines = Array.from({ length: 60 }, (_, index) => (index % 2 === 0 ? 'restart a' : 'restart b'));
  const isBegun = Promise.withResolvers<void>();
  const unsubscribe = server.bus.subscribe('vm', () => isBegun.resolve());
  const begun = await server.engine.batches.run(ADMIN, batch(lines, { concurrency: 1 }));
  await isBegun.promise;
  unsubscribe();
  expect((await server.store.operations.get(begun.id))?.state).toBe('running');
  await server.stop();

  server = await installation.start();

  const ended = await finish(server, begun);
  expect(statesOf(ended)).toEqual(lines.map((line) => `${line} succeeded`));
  for (const name of ['a', 'b']) expect((await server.engine.vms.get(ADMIN, name)).incarnation).toBe(31);
});

it('begins no more when it is cancelled', async () => {
  await create(server, 'a');
  const lines = Array.from({ length: 400 }, () => 'restart a');
  const begun = await server.engine.batches.run(ADMIN, batch(lines, { concurrency: 1 }));

  const cancelled = await server.engine.operations.cancel(ADMIN, begun.id, { signal: new AbortController().signal });
  await server.stop();
  server = await installation.start();

  expect(cancelled.state).toBe('cancelled');
  expect(await server.store.operations.get(begun.id)).toMatchObject({ state: 'cancelled' });
  expect((await server.engine.vms.get(ADMIN, 'a')).incarnation).toBeLessThan(400);
});
