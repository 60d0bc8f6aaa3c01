import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LoggedFault, runApi } from '../../testing/run-api.ts';
import { ADMIN_KEY, runServer } from '../../testing/run-server.ts';
import { type Aetherium, type Fault, runAetherium } from './aetherium.test-kit.ts';

let here: Aetherium;
beforeAll(async () => {
  here = await runAetherium();
});
afterAll(async () => {
  await here?.[Symbol.asyncDispose]();
});

const VMS = '/api/v1/vms';
/** That of nothing. */
const NOTHING = '550e8400-e29b-41d4-a716-446655440000';

describe('an error', () => {
  const words = expect.stringMatching(/\w/);
  const fault = (code: number, error: string, message: unknown = words) => ({
    status: code,
    body: { error, message, code },
  });

  it('is 401 without a key or with a bad one; a key is taken in each of its forms', async () => {
    for (const headers of [{}, { 'X-API-Key': 'nonsense' }, { Authorization: 'Bearer nonsense' }])
      expect(await here.ask('GET', VMS, undefined, headers)).toMatchObject(fault(401, 'Unauthorized'));
    await here.create('seen');
    const login = await fetch(`${here.server.url}/v1/api-keys`, {
      method: 'POST',
      headers: { 'X-API-Key': ADMIN_KEY, 'Content-Type': 'application/json' },
      body: JSON.stringify({ name: 'reader', permissions: ['vm:read'] }),
    });
    const { key }: { readonly key: string } = JSON.parse(await login.text());
    for (const headers of [{ Authorization: `Bearer ${ADMIN_KEY}` }, { Authorization: `Bearer ${key}` }])
      expect((await here.ask('GET', VMS, undefined, headers)).status).toBe(200);
    expect(await here.ask('POST', VMS, {}, { 'X-API-Key': key })).toMatchObject(fault(403, 'Forbidden'));
    const seen = await here.ask<{ readonly vms: readonly { readonly id: string }[] }>('GET', VMS, undefined, {
      'X-API-Key': key,
    });
    expect(
      (await here.ask('GET', `${VMS}/${seen.body.vms[0]?.id}`, undefined, { 'X-API-Key': key })).body,
    ).toMatchObject({ kernel_path: null, rootfs_path: null, socket_path: null });
  });

  it('is 400 for an id that is no UUID, in the document’s words', async () => {
    for (const [method, path] of [
      ['GET', ''],
      ['DELETE', ''],
      ['GET', '/executions'],
    ] as const)
      expect(await here.ask(method, `${VMS}/my-vm${path}`)).toMatchObject(
        fault(400, 'Bad Request', 'Invalid VM ID: not a valid UUID'),
      );
    expect(await here.ask('GET', '/api/v1/tasks/1')).toMatchObject(
      fault(400, 'Bad Request', 'Invalid task ID: not a valid UUID'),
    );
    expect(await here.ask('POST', '/api/v1/logs/query', { vm_id: 'uuid' })).toMatchObject(
      fault(400, 'Bad Request', 'Invalid VM ID: not a valid UUID'),
    );
  });

  it('is 404 for what there is not', async () => {
    expect(await here.ask('GET', `${VMS}/${NOTHING}`)).toMatchObject(fault(404, 'Not Found', 'VM not found'));
    expect(await here.ask('DELETE', `${VMS}/${NOTHING}`)).toMatchObject(fault(404, 'Not Found', 'VM not found'));
    expect(await here.ask('POST', `${VMS}/${NOTHING}/execute`, { command: 'true' })).toMatchObject(
      fault(404, 'Not Found', 'VM not found'),
    );
    expect(await here.ask('GET', `/api/v1/tasks/${NOTHING}`)).toMatchObject(fault(404, 'Not Found', 'Task not found'));
    expect(await here.ask('GET', '/api/v1/nothing')).toMatchObject(fault(404, 'Not Found'));
  });

  it('is 404 for webhooks of an integration that is not configured', async () => {
    for (const name of ['github', 'slack'])
      expect(await here.ask('POST', `/api/v1/webhooks/${name}`, { action: 'opened' }, {})).toMatchObject(
        fault(404, 'Not Found'),
      );
  });

  it('is 400 for a tool or a version that there is not, and lists what there is', async () => {
    const refused = async (body: object): Promise<Fault> => (await here.ask('POST', VMS, body)).body;
    expect(await refused({ additional_tools: ['teapot'] })).toMatchObject({
      ...{ code: 400, message: expect.stringContaining('there are: nodejs, bun, git, claude-code, go, python') },
    });
    expect(await refused({ tool_versions: { nodejs: '3' } })).toMatchObject({
      ...{ code: 400, message: expect.stringContaining('22.11.0, 20.19.5') },
    });
    expect(await refused({ tool_versions: { go: '1.23.0' } })).toMatchObject({
      ...{ code: 400, message: expect.stringContaining('git, nodejs, bun, claude-code') },
    });
  });

  it.each([
    ['a body that is no JSON', '{"name":'],
    ['a name with capitals', { name: 'My-VM' }],
    ['more processors than there may be', { vcpus: 65 }],
    ['a field that means nothing', { name: 'typo', memory: 1_024 }],
  ])('is 400 for %s', async (_what, body) => {
    expect(await here.ask('POST', VMS, body)).toMatchObject(fault(400, 'Bad Request'));
  });

  it('is 400 for a command in a VM that does not run, and 409 for a name that is taken', async () => {
    const id = await here.create('idle');
    await here.client.vms.stop('idle');
    await here.client.vms.wait('idle', { phase: 'stopped' });

    expect(await here.ask('POST', `${VMS}/${id}/execute`, { command: 'true' })).toMatchObject(
      fault(400, 'Bad Request'),
    );
    expect(await here.ask('POST', VMS, { name: 'idle' })).toMatchObject(fault(409, 'Conflict'));
  });

  it('is 500 for a fault of the server, which tells nothing of its inside', async () => {
    let isBroken = false;
    const faults: LoggedFault[] = [];
    await using api = await runApi({
      faults,
      wrapStore: (store) => ({
        ...store,
        operations: {
          ...store.operations,
          get: async (id) => {
            if (isBroken) throw new Error('SQLITE_IOERR at /var/lib/secret');
            return await store.operations.get(id);
          },
        },
      }),
    });
    isBroken = true;
    const answer = await fetch(`${api.url}/aetherium/api/v1/tasks/${NOTHING}`, { headers: { 'X-API-Key': ADMIN_KEY } });
    const text = await answer.text();

    expect({ status: answer.status, body: JSON.parse(text) }).toEqual(fault(500, 'Internal Server Error'));
    expect(text).not.toContain('SQLITE');
    expect(faults).toMatchObject([
      {
        ...{ message: 'request failed', route: '/aetherium/api/v1/tasks/:id' },
        ...{ requestId: answer.headers.get('x-request-id') },
        error: { reason: 'internal.unexpected', cause: { message: 'SQLITE_IOERR at /var/lib/secret' } },
      },
    ]);
  });
});

describe('the limit of requests', () => {
  it('is 100 a minute and a burst of 20, told with each answer, and 429 above it', async () => {
    await using server = await runServer();
    const ask = async () =>
      await fetch(`${server.url}/aetherium${VMS}`, { headers: { Authorization: `Bearer ${ADMIN_KEY}` } });
    const first = await ask();
    expect(first.headers.get('x-ratelimit-limit')).toBe('100');
    expect(first.headers.get('x-ratelimit-remaining')).toBe('119');
    expect(Number(first.headers.get('x-ratelimit-reset'))).toBeGreaterThan(Date.now() / 1_000 - 1);

    let last = first;
    for (let i = 0; i < 200 && last.status === 200; i++) last = await ask();

    expect(last.status).toBe(429);
    expect(last.headers.get('x-ratelimit-remaining')).toBe('0');
    expect(Number(last.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(JSON.parse(await last.text())).toEqual({
      error: 'Too Many Requests',
      message: expect.any(String),
      code: 429,
    });
    expect((await fetch(`${server.url}/aetherium/health`)).status).toBe(200);
  });
});
