import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AuditEntry } from '../../domain/audit/audit.ts';
import type { Store, Tables } from '../../ports/store.ts';
import { ADMIN, createInstallation, type Installation, type TestServer } from '../installation.test-kit.ts';
import { principalWith } from '../principals.test-kit.ts';
import { forkRequest, save, snapshotRequest, tell } from '../snapshots/snapshots.test-kit.ts';
import { create, finish, request, soon } from '../vm-life.test-kit.ts';

let installation: Installation;
beforeEach(() => {
  installation = createInstallation();
});
afterEach(() => installation[Symbol.asyncDispose]());

async function entriesOf({ store }: TestServer, principal?: string): Promise<readonly AuditEntry[]> {
  const filter = principal === undefined ? {} : { principal };
  return await store.audit.list({ ...filter, order: 'oldest-first', limit: 1_000, after: null });
}

const summary = ({ principal, action, target, result }: AuditEntry) => [principal, action, target.name, result];

/** The store, whose audit cannot be appended to any more. */
function withoutAudit(store: Store): Store {
  const broken = (tables: Tables): Tables => ({
    ...tables,
    audit: { ...tables.audit, append: () => Promise.reject(new Error('no audit')) },
  });
  return {
    ...store,
    ...broken(store),
    transaction: (work) => store.transaction((tables) => work(broken(tables))),
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  };
}

describe('a change', () => {
  it('is not made unless it can be written down who made it', async () => {
    const server = await installation.start();
    await create(server, 'first');
    await server.stop();
    const { engine, store } = await installation.start(undefined, undefined, undefined, withoutAudit);
    const before = await store.vms.getByName('first');

    await expect(engine.vms.create(ADMIN, request('second'))).rejects.toThrow('no audit');
    await expect(engine.vms.delete(ADMIN, 'first', {})).rejects.toThrow('no audit');
    await expect(engine.vms.update(ADMIN, 'first', { autoWake: false }, {})).rejects.toThrow('no audit');
    await expect(engine.snapshots.create(ADMIN, 'first', snapshotRequest('s'))).rejects.toThrow('no audit');
    await expect(engine.snapshots.fork(ADMIN, 'first', forkRequest(2))).rejects.toThrow('no audit');
    await expect(engine.images.build(ADMIN, 'base')).rejects.toThrow('no audit');
    await expect(
      engine.users.create(ADMIN, {
        ...{ name: 'cat', email: null, displayName: '', roles: [], password: null, quota: null, labels: {} },
      }),
    ).rejects.toThrow('no audit');

    expect(await store.vms.getByName('second')).toBeNull();
    expect(await store.vms.getByName('first')).toMatchObject({ spec: before?.spec, desired: before?.desired });
    expect(await store.snapshots.count()).toBe(0);
    expect(await store.users.getByName('cat')).toBeNull();
    expect((await store.operations.list({ limit: 10, after: null })).map(({ kind }) => kind)).toEqual(['vm.create']);
  });

  it('inside a guest is not even begun without that', async () => {
    const server = await installation.start();
    await create(server, 'first');
    await tell(server, 'first', 'before');
    await server.stop();
    const { engine } = await installation.start(undefined, undefined, undefined, withoutAudit);

    await expect(engine.files.remove(ADMIN, 'first', '/root/told', { ...soon, isRecursive: false })).rejects.toThrow(
      'no audit',
    );

    expect(await engine.files.stat(ADMIN, 'first', '/root/told', soon)).toMatchObject({ type: 'file' });
  });

  it('that was asked for twice under one key, or is under way already, is told once', async () => {
    const server = await installation.start();
    await create(server, 'first');
    const first = await server.engine.vms.delete(ADMIN, 'first', {});
    const again = await server.engine.vms.delete(ADMIN, 'first', {}).catch(() => null);

    expect(again === null || again.operation.id === first.operation.id).toBe(true);
    const deletions = (await entriesOf(server)).filter(({ action }) => action === 'vm.delete');
    expect(deletions).toMatchObject([{ details: { operation_id: first.operation.id } }]);
  });

  it('of many things at once names them all', async () => {
    const server = await installation.start();
    await create(server, 'first');
    const forked = await server.engine.snapshots.fork(ADMIN, 'first', forkRequest(3));

    const [entry] = (await entriesOf(server)).filter(({ action }) => action === 'vm.fork');

    expect(entry?.target.name).toBe('first');
    const made = forked.items.flatMap((item) => (item.kind === 'accepted' ? [item.vm?.id] : []));
    expect(entry?.details).toEqual({ operation_id: forked.operation.id, vms: made, refused: 0 });
  });

  it('tells by what credential, from where, and by which request it came', async () => {
    const server = await installation.start();
    const asked = {
      ...principalWith('bird', '*@own'),
      credential: { kind: 'session', id: 'sess_1' },
      origin: { address: '192.0.2.7', requestId: 'req_7' },
    } as const;
    const { vm, operation } = await server.engine.vms.create(asked, request('nest'));

    expect(await entriesOf(server, 'bird')).toMatchObject([
      {
        ...{ credential: { kind: 'session', id: 'sess_1' }, address: '192.0.2.7', requestId: 'req_7' },
        ...{ action: 'vm.create', target: { kind: 'vm', id: vm.id, name: 'nest' }, result: 'ok', reason: null },
        details: { operation_id: operation.id },
      },
    ]);
  });
});

describe('what the server does by itself', () => {
  it('is told as done by the system: its own administrator, and a restart by policy', async () => {
    const server = await installation.start();
    const labels = { 'simulate.ends': 'vmm-died', 'simulate.ends_after_ms': '50' };
    const made = { ...request('first', labels), spec: { restartPolicy: 'always' } } as const;
    await finish(server, (await server.engine.vms.create(ADMIN, made)).operation);
    await server.engine.vms.wait(ADMIN, 'first', { phase: 'running', incarnation: 2 }, soon);

    const entries = await entriesOf(server, 'system');

    expect(entries.map(summary)).toEqual([
      ['system', 'user.create', 'admin', 'ok'],
      ['system', 'vm.restart', 'first', 'ok'],
    ]);
    expect(entries[1]).toMatchObject({ address: null, requestId: null, details: { cause: 'restart-policy' } });
  });
});

describe('a command', () => {
  it('that is fed key by key leaves one entry a minute for each who feeds it', async () => {
    const server = await installation.start();
    await create(server, 'first');
    const command = { argv: ['cat'], env: {}, cwd: '', user: '', hasStdin: true, tty: null, timeoutMs: 0 };
    const { execution } = await server.engine.executions.start(ADMIN, 'first', command, soon);
    const other = principalWith('operator', 'vm:*');
    async function* key(): AsyncIterable<Uint8Array> {
      yield new TextEncoder().encode('x');
    }
    for (const principal of [ADMIN, ADMIN, other, ADMIN])
      await server.engine.executions.writeStdin(principal, execution.id, { offset: null, content: key(), end: false });
    await server.engine.executions.signal(ADMIN, execution.id, 'SIGKILL');

    const told = (await entriesOf(server)).filter(({ target }) => target.id === execution.id);
    expect(told.map(({ principal, action }) => [principal, action])).toEqual([
      ['admin', 'execution.write-stdin'],
      ['operator', 'execution.write-stdin'],
      ['admin', 'execution.signal'],
    ]);
  });

  it("in another's VM is neither fed nor ended by who may not, and is not there for them", async () => {
    const server = await installation.start();
    await create(server, 'first');
    const command = { argv: ['cat'], env: {}, cwd: '', user: '', hasStdin: true, tty: null, timeoutMs: 0 };
    const { execution } = await server.engine.executions.start(ADMIN, 'first', command, soon);
    const member = principalWith('bird', '*@own');

    const tries = [
      server.engine.executions.signal(member, execution.id, 'SIGKILL'),
      server.engine.executions.cancel(member, execution.id, { graceMs: 0, signal: soon.signal }),
      server.engine.executions.resize(member, execution.id, { rows: 1, columns: 1 }),
    ];

    for (const tried of tries) await expect(tried).rejects.toMatchObject({ reason: 'execution.unknown' });
    expect(await entriesOf(server, 'bird')).toEqual([]);
  });
});

it('snapshots that are saved and deleted are told of', async () => {
  const server = await installation.start();
  await create(server, 'first');
  await save(server, 'first', 'saved');
  await finish(server, (await server.engine.snapshots.delete(ADMIN, 'saved')).operation);

  expect((await entriesOf(server, 'admin')).map(summary)).toEqual([
    ['admin', 'vm.create', 'first', 'ok'],
    ['admin', 'snapshot.create', 'saved', 'ok'],
    ['admin', 'snapshot.delete', 'saved', 'ok'],
  ]);
});
