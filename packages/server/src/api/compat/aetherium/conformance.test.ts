import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { idFromUuid } from '../../../domain/ids.ts';
import { runApi } from '../../testing/run-api.ts';
import { type Aetherium, runAetherium, type ShownTask } from './aetherium.test-kit.ts';

let here: Aetherium;
beforeAll(async () => {
  here = await runAetherium();
});
afterAll(async () => {
  await here?.[Symbol.asyncDispose]();
});

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const MOMENT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;
const VMS = '/api/v1/vms';

interface ShownVm {
  readonly id: string;
  readonly name: string;
  readonly status: string;
  readonly metadata: { readonly tools: Readonly<Record<string, string>> };
}
interface ShownExecution {
  readonly id: string;
  readonly stdout: string;
  readonly duration_ms: number;
}

describe('a creation', () => {
  it('answers with its task at once, while the VM is listed already', async () => {
    const { status, body } = await here.ask<{ readonly task_id: string }>('POST', VMS, {
      ...{ name: 'my-vm', vcpus: 2, memory_mb: 1024, additional_tools: ['go', 'python'] },
      tool_versions: { go: '1.23.0', python: '3.11' },
    });
    const listed = await here.ask<{ readonly vms: readonly ShownVm[] }>('GET', VMS);

    expect([status, body]).toEqual([202, { task_id: expect.stringMatching(UUID), status: 'pending' }]);
    expect(listed.body.vms.map(({ name }) => name)).toEqual(['my-vm']);
    const task = await here.finish(body.task_id);
    expect(Object.keys(task).slice(0, 4)).toEqual(['id', 'type', 'status', 'result']);
    expect(task).toMatchObject({
      ...{ id: body.task_id, type: 'vm:create', status: 'completed', error: null },
      result: { vm_id: expect.stringMatching(UUID), name: 'my-vm', status: 'running' },
      created_at: expect.stringMatching(MOMENT),
    });
  });

  it('gives the VM the default tools and those that were asked for, by the versions that it says', async () => {
    const { body } = await here.ask<{ readonly vms: readonly ShownVm[] }>('GET', VMS);
    const native = await here.client.vms.get('my-vm');

    expect(body.vms[0]?.metadata.tools).toEqual({
      ...{ git: '2.39.5', nodejs: '20.19.5', bun: '1.2.3', 'claude-code': '2.0.14' },
      ...{ go: '1.23.0', python: '3.11.10' },
    });
    expect(Object.fromEntries(native.tools.map(({ name, version }) => [name, version]))).toEqual(
      body.vms[0]?.metadata.tools,
    );
  });

  it('takes other versions of default tools, and keeps metadata as it was sent', async () => {
    const id = await here.create('pinned', { tool_versions: { nodejs: '22' }, metadata: { ticket: ['T-1', null] } });
    const { body } = await here.ask<ShownVm>('GET', `${VMS}/${id}`);

    expect(body.metadata.tools['nodejs']).toBe('22.11.0');
    expect(body.metadata).toMatchObject({ ticket: ['T-1', null] });
    expect((await here.client.vms.get('pinned')).metadata).toEqual({ ticket: ['T-1', null] });
  });

  it('whose tool cannot be installed fails its task, which says why', async () => {
    const { body } = await here.ask<{ readonly task_id: string }>('POST', VMS, { additional_tools: ['broken'] });

    expect(await here.finish(body.task_id)).toMatchObject({
      ...{ status: 'failed', result: null },
      error: expect.stringContaining('while writing the pack'),
    });
  });
});

describe('a VM', () => {
  it('is listed in its documented fields, as /v1 has it', async () => {
    const { status, body } = await here.ask<{ readonly vms: readonly ShownVm[]; readonly total: number }>('GET', VMS);
    const native = await here.client.vms.get('my-vm');
    const [first] = body.vms;

    expect([status, body.total]).toEqual([200, body.vms.length]);
    expect(first).toEqual({
      ...{ id: expect.stringMatching(UUID), name: 'my-vm', status: 'running', vcpu_count: 2, memory_mb: 1024 },
      created_at: `${native.created_at.slice(0, 19)}Z`,
      metadata: { tools: expect.anything() },
    });
    expect(idFromUuid('vm', first?.id ?? '')).toBe(native.id);
  });

  it('is got with where it lies and when it began to run', async () => {
    const { id } = await here.client.vms.get('my-vm');
    const { body: list } = await here.ask<{ readonly vms: readonly ShownVm[] }>('GET', VMS);
    const { status, body } = await here.ask<ShownVm>('GET', `${VMS}/${list.vms[0]?.id}`);

    expect(status).toBe(200);
    expect(Object.keys(body)).toEqual([
      ...['id', 'name', 'status', 'vcpu_count', 'memory_mb', 'kernel_path', 'rootfs_path', 'socket_path'],
      ...['created_at', 'started_at', 'metadata'],
    ]);
    expect(body).toMatchObject({ started_at: expect.stringMatching(MOMENT), vcpu_count: 2, memory_mb: 1024 });
    expect(idFromUuid('vm', body.id)).toBe(id);
  });

  it('is deleted by a task, and gone when that is completed', async () => {
    const id = await here.create('goner');
    const { status, body } = await here.ask<ShownTask>('DELETE', `${VMS}/${id}`);

    expect([status, body]).toEqual([202, { id: expect.stringMatching(UUID), type: 'vm:delete', status: 'pending' }]);
    expect(await here.finish(body.id)).toMatchObject({
      ...{ type: 'vm:delete', status: 'completed' },
      result: { vm_id: id, name: 'goner', status: 'deleted' },
    });
    expect((await here.ask('GET', `${VMS}/${id}`)).status).toBe(404);
  });

  it('that was made elsewhere is the same here, in each of its phases', async () => {
    await here.client.vms.create({ name: 'elsewhere', memory_mib: 256 });
    await here.client.vms.wait('elsewhere', { phase: 'running' });
    const statusOf = async (): Promise<string | undefined> => {
      const { body } = await here.ask<{ readonly vms: readonly ShownVm[] }>('GET', VMS);
      return body.vms.find(({ name }) => name === 'elsewhere')?.status;
    };

    expect(await statusOf()).toBe('running');
    await here.client.vms.suspend('elsewhere');
    await here.client.vms.wait('elsewhere', { phase: 'suspended' });
    expect(await statusOf()).toBe('suspended');
    await here.client.vms.stop('elsewhere');
    await here.client.vms.wait('elsewhere', { phase: 'stopped' });
    expect(await statusOf()).toBe('stopped');
  });
});

describe('a command', () => {
  it('is a task with the exit code and the output, and stands in the history', async () => {
    const vmId = await here.create('runner');
    const { status, body } = await here.ask<{ readonly task_id: string }>('POST', `${VMS}/${vmId}/execute`, {
      ...{ command: 'sh', args: ['-c', 'echo out; echo err >&2'] },
    });

    expect([status, body]).toEqual([
      202,
      { task_id: expect.stringMatching(UUID), vm_id: vmId, status: expect.stringMatching(/^(pending|running)$/) },
    ]);
    expect(await here.finish(body.task_id)).toMatchObject({
      ...{ id: body.task_id, type: 'vm:execute', status: 'completed' },
      result: { vm_id: vmId, exit_code: 0, stdout: 'out\n', stderr: 'err\n' },
    });
    const history = await here.ask<{ readonly executions: readonly ShownExecution[] }>(
      'GET',
      `${VMS}/${vmId}/executions`,
    );
    const native = await here.client.executions.get(idFromUuid('exec', body.task_id));
    expect([history.status, history.body]).toEqual([
      200,
      {
        executions: [
          {
            ...{ id: body.task_id, vm_id: vmId, command: 'sh', args: ['-c', 'echo out; echo err >&2'] },
            ...{ exit_code: 0, stdout: 'out\n', stderr: 'err\n', truncated: false },
            started_at: expect.stringMatching(MOMENT),
            completed_at: expect.stringMatching(MOMENT),
            duration_ms: native.duration_ms,
          },
        ],
        total: 1,
      },
    ]);
  });

  it('is run once, whatever it exits with; of many the newest come first, as many as are asked for', async () => {
    const vmId = await here.create('once');
    for (const code of [3, 127, 0]) {
      const { body } = await here.ask<{ readonly task_id: string }>('POST', `${VMS}/${vmId}/execute`, {
        ...{ command: code === 127 ? 'no-such-program' : 'sh', args: code === 127 ? [] : ['-c', `exit ${code}`] },
      });
      expect(await here.finish(body.task_id)).toMatchObject({ status: 'completed', result: { exit_code: code } });
    }
    type History = { readonly executions: readonly { readonly exit_code: number }[]; readonly total: number };
    const codes = async (query: string): Promise<readonly unknown[]> => {
      const { body } = await here.ask<History>('GET', `${VMS}/${vmId}/executions${query}`);
      return [body.total, body.executions.map(({ exit_code }) => exit_code)];
    };

    expect(await codes('')).toEqual([3, [0, 127, 3]]);
    expect(await codes('?limit=1&offset=1')).toEqual([3, [127]]);
    expect(await codes('?offset=3')).toEqual([3, []]);
  });

  it('that writes more than is shown says so: 64 KiB in the history, a MiB in its task, by whole characters', async () => {
    const vmId = await here.create('chatty');
    const { body } = await here.ask<{ readonly task_id: string }>('POST', `${VMS}/${vmId}/execute`, {
      ...{ command: 'sh', args: ['-c', 'yes éé | head -c 3000000; echo little >&2'] },
    });
    const { status, result } = await here.finish(body.task_id);
    type History = { readonly executions: readonly (ShownExecution & { readonly truncated: boolean })[] };
    const { body: history } = await here.ask<History>('GET', `${VMS}/${vmId}/executions`);

    // The character at the end of either part is cut in two.
    const partOf = (bytes: number): string => `${'éé\n'.repeat(Math.floor(bytes / 5))}`;
    expect(status).toBe('completed');
    expect(result).toMatchObject({ exit_code: 0, truncated: true, stderr: 'little\n' });
    expect(String(result?.['stdout']) === partOf(1024 ** 2)).toBe(true);
    expect(history.executions[0]).toMatchObject({ truncated: true });
    expect(history.executions[0]?.stdout === partOf(64 * 1024)).toBe(true);
  });

  it('is one of many whose history has at most 4 MiB of what they wrote, the newest first', async () => {
    const vmId = await here.create('talkative');
    const count = 40;
    for (let i = 0; i < count; i++) {
      const { body } = await here.ask<{ readonly task_id: string }>('POST', `${VMS}/${vmId}/execute`, {
        ...{ command: 'sh', args: ['-c', 'yes out | head -c 65536; yes err | head -c 65536 >&2'] },
      });
      await here.finish(body.task_id);
    }
    type Shown = { readonly stdout: string; readonly stderr: string; readonly truncated: boolean };
    const { body } = await here.ask<{ readonly executions: readonly Shown[]; readonly total: number }>(
      'GET',
      `${VMS}/${vmId}/executions`,
    );
    const sizes = body.executions.map(({ stdout, stderr }) => stdout.length + stderr.length);

    expect(body.total).toBe(count);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(4 * 1024 ** 2);
    expect(body.executions.map(({ truncated }) => truncated)).toEqual(Array.from({ length: count }, (_, i) => i >= 32));
  });
});

describe('the log', () => {
  it('is searched by VM, level, words and time, the newest first', async () => {
    const { body } = await here.ask<{ readonly task_id: string }>('POST', VMS, {
      ...{ name: 'unlucky', additional_tools: ['broken'] },
    });
    await here.finish(body.task_id);
    type Found = { readonly logs: readonly Readonly<Record<string, unknown>>[]; readonly total: number };
    const search = async (query: object): Promise<Found> =>
      (await here.ask<Found>('POST', '/api/v1/logs/query', query)).body;
    const { id } = await here.client.vms.get('unlucky');
    const { body: all } = await here.ask<{ readonly vms: readonly ShownVm[] }>('GET', VMS);
    const vm_id = all.vms.find(({ name }) => name === 'unlucky')?.id;
    const now = Date.now();
    await expect
      .poll(async () => (await search({ vm_id, level: 'error', search_text: 'operation failed' })).total, {
        timeout: 20_000,
      })
      .toBeGreaterThan(0);

    const found = await search({
      ...{ vm_id, level: 'error', search_text: 'operation failed', limit: 100 },
      ...{ start_time: now - 60_000, end_time: now + 60_000 },
    });

    expect(found.total).toBe(found.logs.length);
    expect(found.logs[0]).toEqual({
      timestamp: expect.stringMatching(MOMENT),
      level: 'error',
      message: expect.stringContaining('operation.failed'),
      task_id: body.task_id,
      vm_id,
      fields: expect.objectContaining({ error: expect.stringContaining('while writing the pack') }),
    });
    expect(idFromUuid('vm', vm_id ?? '')).toBe(id);
    expect(await search({ vm_id, end_time: 1 })).toEqual({ logs: [], total: 0 });
    expect((await search({ vm_id, limit: 2 })).total).toBe(2);
    const times = (await search({ vm_id })).logs.map(({ timestamp }) => String(timestamp));
    expect(times).toEqual(times.toSorted().toReversed());
  });
});

describe('the health', () => {
  it('is told to everybody, part by part, at both of its addresses', async () => {
    for (const path of ['/health', '/api/v1/health'])
      expect(await here.ask('GET', path, undefined, {})).toMatchObject({
        status: 200,
        body: {
          status: 'ok',
          components: {
            ...{ github: 'disabled', slack: 'disabled', loki: 'disabled' },
            ...{ event_bus: 'healthy', database: 'healthy' },
          },
          timestamp: expect.stringMatching(MOMENT),
        },
      });
  });

  it('is measured: 503 while the database does not answer', async () => {
    let isBroken = false;
    await using api = await runApi({
      wrapStore: (store) => ({
        ...store,
        transaction: async (work) => {
          if (isBroken) throw new Error('the disk is gone');
          return await store.transaction(work);
        },
      }),
    });
    isBroken = true;
    const look = async () => await fetch(`${api.url}/aetherium/health`);
    await expect.poll(async () => (await look()).status, { timeout: 10_000 }).toBe(503);

    expect(await (await look()).json()).toMatchObject({
      status: 'unhealthy',
      components: { database: 'unhealthy', event_bus: 'healthy' },
    });
  });
});
