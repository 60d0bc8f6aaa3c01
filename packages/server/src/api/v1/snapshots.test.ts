import { type Fork, type Problem, routes, type Snapshot } from '@volary/contract';
import { createClient, type VolaryClient } from '@volary/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADMIN_KEY, type RunningServer, runServer } from '../testing/run-server.ts';
import { send } from '../testing/send.ts';

const WAIT = { prefer: 'wait=30' };
let server: RunningServer;
let client: VolaryClient;

beforeAll(async () => {
  server = await runServer();
  client = createClient({ baseUrl: server.url, apiKey: ADMIN_KEY });
  await client.operations.finish((await client.vms.create({ name: 'bird' })).id);
});

afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
});

async function saved(name: string): Promise<Snapshot> {
  await client.operations.finish((await client.snapshots.create('bird', { name })).id);
  return await client.snapshots.get(name);
}

describe('Prefer: wait', () => {
  it('answers with the snapshot when it is complete, and with its deletion when it is gone', async () => {
    const made = await send(server.url, routes.createSnapshot, {
      ...{ params: { ref: 'bird' }, body: { name: 'waited-for' }, headers: WAIT },
    });
    const gone = await send(server.url, routes.deleteSnapshot, { params: { ref: 'waited-for' }, headers: WAIT });

    const snapshot: Snapshot = JSON.parse(made.text);
    expect(made.status).toBe(201);
    expect(snapshot).toMatchObject({ name: 'waited-for', state: 'ready', halted_ms: expect.any(Number) });
    expect(made.headers.get('location')).toBe(`/v1/snapshots/${snapshot.id}`);
    expect(gone.status).toBe(200);
    expect(JSON.parse(gone.text)).toMatchObject({ kind: 'snapshot.delete', state: 'succeeded', snapshot: null });
  });

  it('answers with what the making has failed with', async () => {
    const labels = { 'simulate.save_error': 'resource_exhausted' };
    await client.operations.finish((await client.vms.create({ name: 'full', labels })).id);

    const answer = await send(server.url, routes.createSnapshot, { params: { ref: 'full' }, headers: WAIT });

    expect(answer.status).toBe(429);
    expect(JSON.parse(answer.text)).toMatchObject({ operation_id: expect.stringMatching(/^op_/) });
  });

  it('answers with the VM that has begun from a snapshot, and with the one that has gone back to it', async () => {
    const { id } = await saved('egg');
    const begun = await send(server.url, routes.createVmFromSnapshot, {
      ...{ params: { ref: 'egg' }, body: { name: 'chick', metadata: { a: 1 } }, headers: WAIT },
    });
    const restored = await send(server.url, routes.restoreVm, {
      ...{ params: { ref: 'chick' }, body: { snapshot: id }, headers: WAIT },
    });

    expect([begun.status, JSON.parse(begun.text)]).toMatchObject([
      201,
      { phase: 'running', snapshot_id: id, metadata: { a: 1 } },
    ]);
    expect([restored.status, JSON.parse(restored.text)]).toMatchObject([200, { phase: 'running', incarnation: 2 }]);
  });
});

describe('the ETag of a snapshot', () => {
  it('protects it from a deletion that is based on an old look at it', async () => {
    const snapshot = await saved('guarded');
    const seen = await send(server.url, routes.getSnapshot, { params: { ref: 'guarded' } });
    expect(seen.headers.get('etag')).toBe(`"${snapshot.id}.${snapshot.revision}"`);

    const old = { id: snapshot.id, revision: snapshot.revision - 1 };
    await expect(client.snapshots.delete('guarded', { ifUnchangedSince: old })).rejects.toMatchObject({
      ...{ status: 412, code: 'conflict', reason: 'snapshot.changed' },
    });
    expect(await client.snapshots.get('guarded')).toMatchObject({ state: 'ready' });
    await client.operations.finish((await client.snapshots.delete('guarded', { ifUnchangedSince: snapshot })).id);
  });
});

describe('a fork', () => {
  const ask = { params: { ref: 'bird' }, body: { names: ['twin', 'bird'] } };

  it('answers what became of each VM, and the same again for its key', async () => {
    const headers = { 'idempotency-key': 'fork-1' };

    const first = await send(server.url, routes.forkVm, { ...ask, headers });
    const again = await send(server.url, routes.forkVm, { ...ask, headers });

    const { operation, items }: Fork = JSON.parse(first.text);
    expect(first.status).toBe(202);
    expect(first.headers.get('location')).toBe(`/v1/operations/${operation.id}`);
    expect(items).toMatchObject([
      { status: 202, vm: { name: 'twin', phase: 'pending' }, operation: { kind: 'vm.create' }, error: null },
      { status: 409, vm: null, operation: null, error: { reason: 'vm.name_taken', retryable: false } },
    ]);
    expect(again.text).toBe(first.text);
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    await client.operations.finish(items[0]?.operation?.id ?? '');
  });

  it('of a hundred is answered again for its key, from what became of it', async () => {
    const headers = { 'idempotency-key': 'fork-100' };
    // No answer of this size is kept; so few VMs are made of it.
    const names = Array.from({ length: 100 }, (_, i) => (i === 0 ? 'last' : 'bird'));
    const labels = Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`label-${i}`, 'x'.repeat(200)]));

    const first = await send(server.url, routes.forkVm, { ...ask, body: { names, labels }, headers });
    const again = await send(server.url, routes.forkVm, { ...ask, body: { names, labels }, headers });

    const [before, after]: readonly Fork[] = [JSON.parse(first.text), JSON.parse(again.text)];
    expect([first.status, again.status]).toEqual([202, 202]);
    expect(after?.operation.id).toBe(before?.operation.id);
    expect(after?.items.map(({ status }) => status)).toEqual(before?.items.map(({ status }) => status));
    expect((await client.vms.list({ name: 'last' })).items).toHaveLength(1);
    await client.operations.finish(before?.items[0]?.operation?.id ?? '');
  });

  it('that is refused as a whole has the error of its first VM', async () => {
    const answer = await send(server.url, routes.forkVm, { ...ask, body: { names: ['bird'] } });

    const problem: Problem = JSON.parse(answer.text);
    expect(problem).toMatchObject({ status: 409, reason: 'vm.name_taken' });
  });
});

describe('what is not alike', () => {
  it('is refused with the field and what is allowed', async () => {
    await saved('nest');

    const body = { name: 'large', memory_mib: 512 };
    const answer = await send(server.url, routes.createVmFromSnapshot, { params: { ref: 'nest' }, body });

    const problem: Problem = JSON.parse(answer.text);
    expect(problem).toMatchObject({ status: 400, reason: 'snapshot.other_size' });
    expect(problem.errors).toMatchObject([{ field: 'memory_mib', allowed: 256 }]);
  });

  it('is not restored into a VM that has changed since', async () => {
    await saved('before');

    const answer = await send(server.url, routes.restoreVm, {
      ...{ params: { ref: 'bird' }, body: { snapshot: 'before' }, headers: { 'if-match': '"vm_1.1"' } },
    });

    expect(JSON.parse(answer.text)).toMatchObject({ status: 412, reason: 'vm.changed' });
  });
});
