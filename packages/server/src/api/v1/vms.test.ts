import { type AcceptedOperation, type Problem, routes, type Vm, type VmPage } from '@volary/contract';
import { createClient, type VolaryClient } from '@volary/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Answer } from '../testing/conformance.ts';
import { ADMIN_KEY, type RunningServer, runServer } from '../testing/run-server.ts';
import { send } from '../testing/send.ts';

let server: RunningServer;
let client: VolaryClient;

beforeAll(async () => {
  server = await runServer();
  client = createClient({ baseUrl: server.url, apiKey: ADMIN_KEY });
});

afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
});

function vmIn({ text }: Answer): Vm {
  return JSON.parse(text);
}

function problemIn({ text }: Answer): Problem {
  return JSON.parse(text);
}

async function created(name: string): Promise<Vm> {
  await client.operations.finish((await client.vms.create({ name })).id);
  return await client.vms.get(name);
}

describe('Prefer: wait', () => {
  const headers = { prefer: 'wait=30' };

  it('answers a create with the running VM', async () => {
    const answer = await send(server.url, routes.createVm, { body: { name: 'waited-for' }, headers });

    const vm = vmIn(answer);
    expect(answer.status).toBe(201);
    expect(vm).toMatchObject({ name: 'waited-for', phase: 'running', incarnation: 1 });
    expect(answer.headers.get('preference-applied')).toBe('wait=30');
    expect(answer.headers.get('location')).toBe(`/v1/vms/${vm.id}`);
    expect(answer.headers.get('etag')).toBe(`"${vm.id}.${vm.revision}"`);
  });

  it('answers with the operation when the time was too short', async () => {
    const body = { name: 'slow', labels: { 'simulate.start_delay_ms': '60000' } };

    const answer = await send(server.url, routes.createVm, { body, headers: { prefer: 'wait=0' } });

    const operation: AcceptedOperation = JSON.parse(answer.text);
    expect(answer.status).toBe(202);
    expect(operation.vm?.name).toBe('slow');
    expect(answer.headers.get('location')).toBe(`/v1/operations/${operation.id}`);
  });

  it("answers with the operation's own error when it failed", async () => {
    const body = { name: 'broken', labels: { 'simulate.start_error': 'failed_precondition' } };

    const answer = await send(server.url, routes.createVm, { body, headers });

    expect(answer.status).toBe(409);
    expect(problemIn(answer).operation_id).toMatch(/^op_/);
    expect(await client.vms.get('broken')).toMatchObject({ phase: 'failed' });
  });

  it('answers a delete with the final operation', async () => {
    await created('doomed');

    const answer = await send(server.url, routes.deleteVm, { params: { ref: 'doomed' }, headers });

    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.text)).toMatchObject({ kind: 'vm.delete', state: 'succeeded', vm: null });
    await expect(client.vms.get('doomed')).rejects.toMatchObject({ status: 404 });
  });

  it('refuses a delete without force of a VM that has a machine', async () => {
    await created('busy');

    await expect(client.vms.delete('busy', { isForced: false })).rejects.toMatchObject({
      ...{ status: 409, reason: 'vm.still_running' },
    });
    await client.operations.finish((await client.vms.stop('busy')).id);
    await client.operations.finish((await client.vms.delete('busy', { isForced: false })).id);
    await expect(client.vms.get('busy')).rejects.toMatchObject({ status: 404 });
  });
});

describe('ETag', () => {
  it('lets a caller that knows the VM off with 304', async () => {
    const vm = await created('known');
    const etag = `"${vm.id}.${vm.revision}"`;

    const known = await send(server.url, routes.getVm, {
      params: { ref: 'known' },
      headers: { 'if-none-match': etag },
    });
    const other = await send(server.url, routes.getVm, {
      params: { ref: 'known' },
      headers: { 'if-none-match': '"x"' },
    });

    expect([known.status, known.text, known.headers.get('etag')]).toEqual([304, '', etag]);
    expect(other.status).toBe(200);
  });

  it('protects a VM from a change that is based on an old look at it', async () => {
    const vm = await created('guarded');
    const etag = `"${vm.id}.${vm.revision}"`;
    const ask = { params: { ref: 'guarded' }, headers: { 'if-match': etag, prefer: 'wait=30' } };

    const first = await send(server.url, routes.pauseVm, ask);
    const second = await send(server.url, routes.resumeVm, ask);

    expect([first.status, vmIn(first).phase]).toEqual([200, 'paused']);
    expect([second.status, problemIn(second).reason]).toEqual([412, 'vm.changed']);
    expect((await client.vms.get('guarded')).phase).toBe('paused');
  });
});

describe('the list', () => {
  it('has every VM once over its pages, in the order they were made', async () => {
    const names = ['page-a', 'page-b', 'page-c', 'page-d', 'page-e'];
    for (const name of names) await client.vms.create({ name, start: false });

    const seen: string[] = [];
    for await (const { name } of client.vms.listAll({ limit: 2 })) seen.push(name);

    expect(new Set(seen).size).toBe(seen.length);
    expect(seen.filter((name) => name.startsWith('page-'))).toEqual(names);
  });

  it('is never older than the last change', async () => {
    await created('fresh');
    for (let i = 0; i < 5; i++) {
      const listed = async () => (await client.vms.list({ name: 'fresh' })).items[0];
      const before = await listed();
      await client.operations.finish((await (i % 2 === 0 ? client.vms.pause('fresh') : client.vms.resume('fresh'))).id);

      expect((await listed())?.revision).toBe((await client.vms.get('fresh')).revision);
      expect((await listed())?.phase).not.toBe(before?.phase);
    }
  });

  it('knows one VM by its name', async () => {
    await created('wanted');

    const answer = await send(server.url, routes.listVms, { query: { name: 'wanted' } });

    const page: VmPage = JSON.parse(answer.text);
    expect(page.items.map(({ name }) => name)).toEqual(['wanted']);
    expect(page.next_cursor).toBeNull();
  });
});

describe('waiting for a phase', () => {
  it('resolves when the VM comes into it, and tells when it is gone', async () => {
    await created('awaited');
    const stopped = client.vms.wait('awaited', { phase: 'stopped', timeoutSeconds: 30 });
    await client.vms.stop('awaited', { force: true });
    expect(await stopped).toMatchObject({ phase: 'stopped' });

    const gone = client.vms.wait('awaited', { phase: 'absent', timeoutSeconds: 30 });
    await client.vms.delete('awaited');
    expect(await gone).toBeNull();
  });
});

describe('an impossible size', () => {
  it.each([
    [{ memory_mib: 1_048_576 }, 429, 'host.no_memory'],
    [{ disk_gib: 16_384, start: false }, 507, 'host.no_disk'],
  ])('%j is refused with the figures, and nothing is left', async (size, status, reason) => {
    const answer = await send(server.url, routes.createVm, { body: { name: 'giant', ...size } });

    expect([answer.status, problemIn(answer).reason]).toEqual([status, reason]);
    expect(Object.keys(problemIn(answer).details ?? {}).length).toBeGreaterThan(1);
    await expect(client.vms.get('giant')).rejects.toMatchObject({ reason: 'vm.unknown' });
  });
});
