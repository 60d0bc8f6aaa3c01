import { createClient, type VolaryClient } from '@volary/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADMIN_KEY, type RunningServer, runServer } from '../testing/run-server.ts';

let server: RunningServer;
let client: VolaryClient;
beforeAll(async () => {
  server = await runServer();
  client = createClient({ baseUrl: server.url, apiKey: ADMIN_KEY });
});
afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
});

async function create(name: string, prefer: string, body: Readonly<Record<string, unknown>> = {}): Promise<Response> {
  return await fetch(`${server.url}/v1/workspaces`, {
    method: 'POST',
    headers: { authorization: `Bearer ${ADMIN_KEY}`, 'content-type': 'application/json', prefer },
    body: JSON.stringify({ name, memory_mib: 128, disk_gib: 1, ...body }),
  });
}

describe('a workspace that is waited for', () => {
  it('is answered as what it has come to, by 201', async () => {
    const answer = await create('ready', 'wait=20', { prep_steps: ['echo done'] });

    expect(answer.status).toBe(201);
    expect(answer.headers.get('preference-applied')).toBe('wait=20');
    expect(await answer.json()).toMatchObject({
      status: 'running',
      provider: 'simulated',
      provider_id: expect.stringMatching(/^vm_/),
      connection_info: { ssh_command: 'volary ssh ready', directory: null },
      setup: { state: 'done', steps: [{ command: 'echo done', state: 'done', tries: 1 }] },
    });
  });

  it('has failed, and says why, by 201 as well', async () => {
    const answer = await create('broken', 'wait=20', { prep_steps: ['echo why >&2; exit 3', 'true'] });

    expect(answer.status).toBe(201);
    expect(await answer.json()).toMatchObject({
      status: 'failed',
      error_message: 'echo why >&2; exit 3 failed with exit code 3: why',
      setup: { state: 'failed', steps: [{ state: 'failed' }, { state: 'waiting' }] },
    });
    await expect(client.workspaces.wait('broken')).rejects.toMatchObject({ status: 409, reason: 'workspace.failed' });
  });

  it('is answered as it is by then when that takes longer, by 202', async () => {
    const answer = await create('slow', 'wait=1', { prep_steps: ['sleep 600'] });

    expect(answer.status).toBe(202);
    expect(await answer.json()).toMatchObject({ status: 'creating', setup: { steps: [{ state: 'running' }] } });
    await expect(client.workspaces.wait('slow', { timeoutSeconds: 1 })).rejects.toMatchObject({
      status: 504,
      reason: 'workspace.wait_timeout',
    });
  });
});

describe('a change of a workspace', () => {
  it('is made only of what was seen, and sets a time or takes it away', async () => {
    const made = await client.workspaces.create({ name: 'changing', memory_mib: 128, disk_gib: 1, ttl_seconds: 600 });
    const changed = await client.workspaces.update('changing', { ttl_seconds: null }, { ifUnchangedSince: made });

    expect(changed).toMatchObject({ ttl_seconds: null, expires_at: null, generation: 2 });
    await expect(client.workspaces.delete('changing', { ifUnchangedSince: made })).rejects.toMatchObject({
      status: 412,
      reason: 'workspace.changed',
    });
    expect(await client.workspaces.delete('changing')).toMatchObject({ status: 'deleting', connection_info: null });
    expect(await client.workspaces.wait('changing', { status: 'absent' })).toBeNull();
  });
});
