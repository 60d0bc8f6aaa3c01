import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ExecRequest } from '../../domain/execution/execution.ts';
import type { Operation } from '../../domain/operation/operation.ts';
import type { BatchItemRequest, BatchRequest } from '../apis/batch-api.ts';
import { ADMIN, createInstallation, type Installation, type TestServer } from '../installation.test-kit.ts';
import { principalWith } from '../principals.test-kit.ts';
import { create, finish, request } from '../vm-life.test-kit.ts';
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

function of(items: readonly BatchItemRequest[], change: Partial<BatchRequest> = {}): BatchRequest {
  return { isStoppedByError: false, concurrency: 1, items, ...change };
}

function command(line: string, change: Partial<ExecRequest> = {}): ExecRequest {
  const rest = { env: {}, cwd: '', user: '', tty: null, hasStdin: false, timeoutMs: 10_000 };
  return { argv: ['/bin/sh', '-c', line], ...rest, ...change };
}

const make = (name: string | null, labels = {}): BatchItemRequest => ({
  action: 'create',
  request: { ...request('x', labels), name },
});
const exec = (vm: string, line: string): BatchItemRequest => ({
  action: 'exec',
  target: { vm },
  request: command(line),
});
const execAll = (selector: string, line: string): BatchItemRequest => ({
  action: 'exec',
  target: { selector },
  request: command(line),
});

async function run(items: readonly BatchItemRequest[], change: Partial<BatchRequest> = {}): Promise<Operation> {
  return await finish(server, await server.engine.batches.run(ADMIN, of(items, change)));
}

const itemsOf = ({ result }: Operation) => readBatchResult(result)?.items ?? [];
const states = (operation: Operation) =>
  itemsOf(operation).map(({ action, name, state, error }) =>
    [action, name, state, error?.reason ?? []].flat().join(' '),
  );

describe('a batch that creates VMs', () => {
  it('makes each as a request of its own would, and says which it was', async () => {
    const operation = await run([make('a', { app: 'web' }), make(null)], { concurrency: 2 });

    expect(operation).toMatchObject({ state: 'succeeded', subject: { name: '2 VMs' } });
    const items = itemsOf(operation);
    for (const { vmId, name, operationId } of items) {
      const vm = await server.engine.vms.get(ADMIN, name);
      expect(vm).toMatchObject({ id: vmId, owner: 'admin', status: { phase: 'running' } });
      expect(await server.engine.operations.get(ADMIN, operationId ?? operation.id)).toMatchObject({
        ...{ kind: 'vm.create', principal: 'admin', subject: { id: vmId } },
      });
    }
    expect((await server.engine.vms.get(ADMIN, 'a')).labels).toEqual({ app: 'web' });
  });

  it('has what is wrong with one as the result of that one', async () => {
    await create(server, 'taken');
    const unknown = { ...request('b'), template: 'no-such' };
    const huge = { ...request('c'), spec: { memoryMib: 1_048_576 } };

    const operation = await run([
      make('taken'),
      { action: 'create', request: unknown },
      { action: 'create', request: huge },
      make('d'),
    ]);

    expect(states(operation)).toEqual([
      'create taken failed vm.name_taken',
      'create b failed template.unknown',
      'create c failed host.no_memory',
      'create d succeeded',
    ]);
  });

  it('is bounded by the quota of whoever asks, and by what they could do when they asked', async () => {
    await server.engine.users.create(ADMIN, {
      ...{ name: 'alice', email: '', displayName: '', password: null, roles: ['member'] },
      ...{ quota: { vms: 1 }, labels: {} },
    });
    await server.engine.secrets.create(ADMIN, {
      name: 'KEY',
      value: new TextEncoder().encode('x'),
      description: '',
      labels: {},
    });
    const alice = principalWith('alice', 'vm:*@own', 'operation:read@own');
    const given = { ...request('s'), secrets: [{ ref: 'KEY', env: null, file: null }] };

    const begun = await server.engine.batches.run(
      alice,
      of([{ action: 'create', request: given }, make('one'), make('two')]),
    );

    const [secret, one, two] = states(await finish(server, begun));
    expect(secret).toMatch(/^create s failed (access\.denied|secret\.unknown)$/);
    expect(one).toBe('create one succeeded');
    expect(two).toBe('create two failed quota.exceeded');
    expect((await server.engine.vms.get(ADMIN, 'one')).owner).toBe('alice');
  });
});

describe('a batch that runs commands', () => {
  it('runs one in each VM that is named or selected, and says how each ended and what it said', async () => {
    await create(server, 'a', { app: 'web' });
    await create(server, 'b', { app: 'web' });
    await create(server, 'c');

    const operation = await run([execAll('app=web', 'echo hi; exit 0'), exec('c', 'echo no >&2; exit 3')]);

    expect(operation).toMatchObject({
      state: 'failed',
      error: { reason: 'batch.items_failed', details: { failed: 1 } },
    });
    expect(states(operation)).toEqual(['exec a succeeded', 'exec b succeeded', 'exec c failed batch.command_failed']);
    const [first, , last] = itemsOf(operation);
    expect(first).toMatchObject({ index: 0, outcome: { exitCode: 0, stdout: 'hi\n', stderr: '', isTruncated: false } });
    expect(last).toMatchObject({ index: 1, outcome: { exitCode: 3, stdout: '', stderr: 'no\n' } });
    const { items } = await server.engine.executions.list(ADMIN, { limit: 9, after: null, vm: 'c' });
    expect(items).toMatchObject([{ id: last?.executionId, principal: 'admin', exitCode: 3 }]);
  });

  it('shows the first bytes of much output, and no half of a character', async () => {
    await create(server, 'a');
    const text = `${'x'.repeat(1_023)}äöü`;

    const [item] = itemsOf(await run([exec('a', `echo ${text}`)]));

    expect(item?.outcome).toMatchObject({ stdout: 'x'.repeat(1_023), isTruncated: true });
  });

  it('is refused as a whole where nothing is selected, or more than a batch has', async () => {
    await create(server, 'a', { app: 'web' });
    const { batches } = server.engine;
    const others = principalWith('alice', 'vm:*@own');

    await expect(batches.run(ADMIN, of([execAll('app=none', 'true')]))).rejects.toMatchObject({
      reason: 'batch.nothing_selected',
    });
    await expect(batches.run(others, of([execAll('app=web', 'true')]))).rejects.toMatchObject({
      reason: 'batch.nothing_selected',
    });
    await expect(batches.run(ADMIN, of([execAll('app in web', 'true')]))).rejects.toMatchObject({
      reason: 'selector.invalid',
    });
    const most = Array.from({ length: 500 }, () => make(null));
    await expect(batches.run(ADMIN, of([...most, execAll('app', 'true')]))).rejects.toMatchObject({
      reason: 'batch.out_of_range',
    });
  });

  it('needs the permission of each of its actions, before anything is done', async () => {
    await create(server, 'a');
    const { batches } = server.engine;
    for (const [rights, items, permission] of [
      [['vm:read', 'vm:power', 'vm:create'], [exec('a', 'true')], 'vm:exec'],
      [['vm:read', 'vm:power', 'vm:exec'], [exec('a', 'true'), make('b')], 'vm:create'],
    ] as const) {
      await expect(batches.run(principalWith('admin', ...rights), of(items))).rejects.toMatchObject({
        ...{ code: 'permission_denied', details: { required_permission: permission } },
      });
    }
    const onlyExec = principalWith('admin', 'vm:read', 'vm:exec');

    const begun = await batches.run(onlyExec, of([exec('a', 'true')]));

    expect(states(await finish(server, begun))).toEqual(['exec a succeeded']);
    expect((await server.engine.vms.list(ADMIN, { limit: 9, after: null })).items).toHaveLength(1);
  });

  it('goes on with what the guests do when the server is another one', async () => {
    await create(server, 'a');
    const begun = await server.engine.batches.run(ADMIN, of([exec('a', 'sleep 1; echo done >> /root/log'), make('b')]));
    for (;;) {
      const now = await server.store.operations.get(begun.id);
      if (now !== null && itemsOf(now)[0]?.executionId != null) break;
      await new Promise((resolve) => setImmediate(resolve));
    }
    await server.stop();

    server = await installation.start();

    expect(states(await finish(server, begun))).toEqual(['exec a succeeded', 'create b succeeded']);
    expect(await run([exec('a', 'cat /root/log')])).toMatchObject({
      result: { items: [{ command: { stdout: 'done\n' } }] },
    });
  });
});
