import { createClient, type VolaryClient } from '@volary/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../../../lib/testing/until.ts';
import { type LoggedFault, runApi } from '../../testing/run-api.ts';
import { ADMIN_KEY, type RunningServer, runServer } from '../../testing/run-server.ts';

let server: RunningServer;
let client: VolaryClient;
beforeAll(async () => {
  server = await runServer({ VOLARY_SIMULATED_HOST: HOST }, ['--listen', 'vm-api=127.0.0.1:0']);
  client = createClient({ baseUrl: server.url, apiKey: ADMIN_KEY });
});
afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
});

/** Room for some hundred workspaces. */
const HOST = 'cpus: 64, memory_mib: 1048576, disk_gib: 16384';
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const MOMENT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;
/** The names of the fields, in the document's order. */
const FIELDS = [
  'id',
  'name',
  'owner',
  'template',
  'provider',
  'status',
  'created_at',
  'updated_at',
  'ttl_seconds',
  'expires_at',
  'provider_id',
  'connection_info',
  'error_message',
  'metadata',
];

interface Shown {
  readonly id: string;
  readonly name: string;
  readonly status: string;
  readonly created_at: string;
  readonly updated_at: string;
  readonly expires_at: string;
  readonly provider_id: string;
  readonly error_message: string | null;
  readonly connection_info: { readonly ssh_command: string } | null;
}
interface Answer<T = unknown> {
  readonly status: number;
  readonly type: string | null;
  readonly body: T;
}

/** Asks at the root of the dialect's own listener, as the document's examples do. */
async function ask<T = { readonly error: string }>(
  user: string | null,
  method: string,
  path: string,
  body?: unknown,
  base = server.faces['vm-api'],
): Promise<Answer<T>> {
  const response = await fetch(`${base}${path}`, {
    method,
    headers: {
      ...(user === null ? {} : { 'x-user': user }),
      ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const answer: T = JSON.parse(await response.text());
  return { status: response.status, type: response.headers.get('content-type'), body: answer };
}

const WORKSPACES = '/api/v1/workspaces';

async function create(user: string, name: string, more: Readonly<Record<string, unknown>> = {}): Promise<Shown> {
  const { status, body } = await ask<Shown>(user, 'POST', WORKSPACES, { name, template: 'nodejs', ...more });
  expect(status, JSON.stringify(body)).toBe(200);
  return body;
}

/** Polls it, as the document says. */
async function settled(user: string, id: string): Promise<Shown> {
  return await until(async () => {
    const { body } = await ask<Shown>(user, 'GET', `${WORKSPACES}/${id}`);
    return body.status !== 'creating' && body;
  }, 'a workspace that is made');
}

describe('a workspace of vm-api', () => {
  it('is answered as it is being created, in all its documented fields', async () => {
    const made = await create('alice', 'my-workspace', { ttl_seconds: 86_400 });

    expect(Object.keys(made)).toEqual(FIELDS);
    expect(made).toMatchObject({
      id: expect.stringMatching(UUID),
      name: 'my-workspace',
      owner: 'alice',
      template: 'nodejs',
      provider: 'simulated',
      status: 'creating',
      created_at: expect.stringMatching(MOMENT),
      updated_at: expect.stringMatching(MOMENT),
      ttl_seconds: 86_400,
      expires_at: expect.stringMatching(MOMENT),
      connection_info: null,
      error_message: null,
      metadata: {},
    });
    expect(Date.parse(made.expires_at) - Date.parse(made.created_at)).toBe(86_400_000);
  });

  it('is running some time later, with a command that opens a shell in it', async () => {
    const { id } = await create('alice', 'soon');
    const shown = await settled('alice', id);
    const native = await client.workspaces.get('soon');

    expect(shown).toMatchObject({
      status: 'running',
      ttl_seconds: null,
      expires_at: null,
      provider_id: native.provider_id,
      connection_info: { vm_id: native.vm_id, ssh_command: 'vm ssh soon' },
    });
    expect(Date.parse(shown.updated_at)).toBeGreaterThanOrEqual(Date.parse(shown.created_at));
  });

  it('keeps its metadata as sent, and needs no template', async () => {
    const metadata = { ticket: 'T-1', nested: { deep: [1, null] } };
    const { status, body } = await ask('alice', 'POST', WORKSPACES, { name: 'bare', metadata });

    expect(status).toBe(200);
    expect(body).toMatchObject({ template: null, metadata });
  });

  it('is an ordinary VM elsewhere, and goes with it', async () => {
    const { id } = await create('alice', 'elsewhere');
    await settled('alice', id);
    expect(await client.vms.get('elsewhere')).toMatchObject({ owner: 'alice', phase: 'running' });

    await client.vms.delete('elsewhere');

    await expect
      .poll(async () => (await ask('alice', 'GET', `${WORKSPACES}/${id}`)).status, { timeout: 10_000 })
      .toBe(404);
  });

  it('is stopped while its VM is, and running while that sleeps', async () => {
    const { id } = await create('alice', 'sleeper');
    await settled('alice', id);

    await client.vms.stop('sleeper');
    await client.vms.wait('sleeper', { phase: 'stopped' });
    expect(await settled('alice', id)).toMatchObject({ status: 'stopped', connection_info: null });

    await client.vms.start('sleeper');
    await client.vms.wait('sleeper', { phase: 'running' });
    await client.vms.suspend('sleeper');
    await client.vms.wait('sleeper', { phase: 'suspended' });
    expect(await settled('alice', id)).toMatchObject({
      status: 'running',
      connection_info: { ssh_command: 'vm ssh sleeper' },
    });
  });

  it('has failed when it cannot be provisioned, and says why', async () => {
    const failing = await client.workspaces.create({ name: 'failing', prep_steps: ['echo no disk >&2; exit 3'] });
    const seen = await adminSees(failing.id);

    expect(seen).toMatchObject({ status: 'failed', error_message: expect.stringContaining('exit code 3: no disk') });
  });

  /** The same workspace, by the key of its owner. */
  async function adminSees(nativeId: string): Promise<Shown | undefined> {
    await client.workspaces.wait(nativeId, { status: 'failed' });
    const response = await fetch(`${server.url}/vm-api${WORKSPACES}`, { headers: { 'x-api-key': ADMIN_KEY } });
    const all: readonly Shown[] = JSON.parse(await response.text());
    return all.find(({ name }) => name === 'failing');
  }
});

describe('the list of workspaces', () => {
  it('is an array of all that belong to who asks, and to nobody else', async () => {
    const { id } = await create('carol', 'one');
    await create('carol', 'two');
    await create('dave', 'one');

    const { status, body } = await ask<readonly Shown[]>('carol', 'GET', WORKSPACES);

    expect(status).toBe(200);
    expect(body.map(({ name }) => name)).toEqual(['one', 'two']);
    expect(body[0]?.id).toBe(id);
    for (const shown of body) expect(Object.keys(shown)).toEqual(FIELDS);
    expect((await ask('nobody-yet', 'GET', WORKSPACES)).body).toEqual([]);
  });

  it('is the same below the prefix of the main listener', async () => {
    const { id } = await create('erin', 'one');
    await settled('erin', id);
    const own = await ask<readonly Shown[]>('erin', 'GET', WORKSPACES);

    expect(own.body).toHaveLength(1);
    expect((await ask('erin', 'GET', WORKSPACES, undefined, `${server.url}/vm-api`)).body).toEqual(own.body);
  });

  it('is longer than a page of the engine', async () => {
    const names = Array.from({ length: 205 }, (_, i) => `many-${i}`);
    for (const name of names) await client.workspaces.create({ name, memory_mib: 128, disk_gib: 1 });
    const response = await fetch(`${server.url}/vm-api${WORKSPACES}`, { headers: { 'x-api-key': ADMIN_KEY } });
    const all: readonly Shown[] = JSON.parse(await response.text());

    expect(all.map(({ name }) => name).filter((name) => name.startsWith('many-'))).toEqual(names);
  });
});

describe('a deletion', () => {
  it('ends the VM and removes the record before it is answered', async () => {
    const { id } = await create('alice', 'goner');
    const { status, body } = await ask('alice', 'DELETE', `${WORKSPACES}/${id}`);

    expect([status, body]).toEqual([200, { message: 'Workspace deleted' }]);
    await expect(client.vms.get('goner')).rejects.toMatchObject({ status: 404 });
    expect(await ask('alice', 'DELETE', `${WORKSPACES}/${id}`)).toMatchObject({
      status: 404,
      body: { error: 'Workspace not found' },
    });
  });
});

describe('the health of vm-api', () => {
  it('is told to everybody', async () => {
    expect(await ask(null, 'GET', '/health')).toMatchObject({ status: 200, body: { status: 'ok' } });
    expect(await ask(null, 'GET', '/health/ready')).toMatchObject({ status: 200, body: { status: 'ready' } });
  });

  it('is not that of a server whose database does not answer', async () => {
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
    const readiness = async () => await ask(null, 'GET', '/health/ready', undefined, `${api.url}/vm-api`);
    expect((await readiness()).status).toBe(200);

    isBroken = true;

    await expect.poll(async () => (await readiness()).status, { timeout: 10_000 }).toBe(503);
    expect(await readiness()).toMatchObject({ body: { error: expect.stringContaining('database') } });
    expect((await ask(null, 'GET', '/health', undefined, `${api.url}/vm-api`)).status).toBe(200);
  });
});

describe('an error of vm-api', () => {
  const fault = (status: number, error: unknown) => ({
    status,
    type: 'application/json; charset=utf-8',
    body: { error },
  });
  const words = expect.stringMatching(/\w/);

  it('is 401 where nobody says who asks', async () => {
    for (const user of [null, '', 'no such/name', 'admin'])
      expect(await ask(user, 'GET', WORKSPACES)).toEqual(fault(401, words));
  });

  it('is 404 for a workspace that is not there, belongs to somebody else, or has no id at all', async () => {
    const { id } = await create('alice', 'private');

    for (const ref of ['550e8400-e29b-41d4-a716-446655440000', 'nonsense', 'private', '%00', 'a'.repeat(2_000)])
      expect(await ask('alice', 'GET', `${WORKSPACES}/${ref}`)).toEqual(fault(404, 'Workspace not found'));
    for (const method of ['GET', 'DELETE'])
      expect(await ask('bob', method, `${WORKSPACES}/${id}`)).toEqual(fault(404, 'Workspace not found'));
    expect(await ask('alice', 'GET', '/api/v1/nothing')).toEqual(fault(404, words));
    expect((await ask<Shown>('alice', 'GET', `${WORKSPACES}/${id}`)).body.name).toBe('private');
  });

  it('is 400 for a template that is not there, and names those that are', async () => {
    const asked = await ask('alice', 'POST', WORKSPACES, { name: 'cobol', template: 'cobol' });

    expect(asked).toEqual(fault(400, 'There is no such template; there are: agent, base, go, nodejs, python, rust.'));
  });

  it.each([
    ['no name', {}],
    ['a name with capitals', { name: 'My-Workspace' }],
    ['a lifetime below zero', { name: 'past', ttl_seconds: -1 }],
    ['a field that means nothing', { name: 'typo', ttl: 3_600 }],
    ['a provider that is not there', { name: 'cloud', provider: 'vmware' }],
    ['a body that is no JSON', '{"name":'],
    ['a body that is no object', '[]'],
  ])('is 400 for %s', async (_what, body) => {
    expect(await ask('alice', 'POST', WORKSPACES, body)).toEqual(fault(400, words));
  });

  it('is 409 for a name that one’s own has, and for none of somebody else’s', async () => {
    await create('erin', 'taken');

    expect(await ask('erin', 'POST', WORKSPACES, { name: 'taken' })).toEqual(fault(409, words));
    await create('frank', 'taken');
  });

  it('has its shape also where nothing of the dialect was reached', async () => {
    expect(await ask('alice', 'PUT', WORKSPACES, {})).toEqual(fault(405, words));
    expect(await ask('alice', 'GET', '/%zz')).toEqual(fault(400, words));
    expect(await ask('alice', 'GET', '/%zz', undefined, `${server.url}/vm-api`)).toEqual(fault(400, words));
    expect(await ask('alice', 'GET', '/nothing', undefined, `${server.url}/vm-api`)).toEqual(fault(404, words));
    expect(await ask('alice', 'GET', '/v1/vms')).toEqual(fault(404, words));
  });

  it('is 500 for a fault of the server, which tells nothing of its inside', async () => {
    let isBroken = false;
    const faults: LoggedFault[] = [];
    await using api = await runApi({
      faults,
      wrapStore: (store) => ({
        ...store,
        workspaces: {
          ...store.workspaces,
          list: async (asked) => {
            if (isBroken) throw new Error('SQLITE_IOERR at /var/lib/secret');
            return await store.workspaces.list(asked);
          },
        },
      }),
    });
    isBroken = true;
    const answer = await ask('alice', 'GET', WORKSPACES, undefined, `${api.url}/vm-api`);

    expect(answer).toEqual(fault(500, words));
    expect(JSON.stringify(answer.body)).not.toContain('SQLITE');
    expect(faults).toMatchObject([
      {
        ...{ message: 'request failed', route: '/vm-api/api/v1/workspaces' },
        error: { reason: 'internal.unexpected', cause: { message: 'SQLITE_IOERR at /var/lib/secret' } },
      },
    ]);
  });
});
