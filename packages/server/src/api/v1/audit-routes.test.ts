import { type AuditEntry, routes } from '@volary/contract';
import type { VolaryClient } from '@volary/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { send } from '../testing/send.ts';
import { type CasesServer, EVERY_CASE, startCases } from './testing/route-cases.test-kit.ts';

let server: CasesServer;

beforeAll(async () => {
  server = await startCases();
});
afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
});

/** What the audit tells of one request. */
async function entriesOf(
  requestId: string | null,
  client: VolaryClient = server.client,
): Promise<readonly AuditEntry[]> {
  const { items } = await client.audit.list({ limit: 50 });
  return items.filter((entry) => entry.request_id === requestId);
}

const BY_ADMIN = { principal: 'admin', credential: { kind: 'admin_key', id: null }, address: '127.0.0.1' };
const MUTATIONS = EVERY_CASE.filter(([, { method }]) => method !== 'GET');
const READS = EVERY_CASE.filter(([, { method, permission }]) => method === 'GET' && permission !== 'none');
/** What a guest is asked to do is written down before it refuses. */
const IN_GUEST = ['file.delete', 'file.rename'];

describe.each(MUTATIONS)('%s', (_name, route, { ask, status, failing }) => {
  it('leaves one entry, with who did what to what, from where', async () => {
    const asked = await ask();
    const answer = await send(asked.url ?? server.url, route, asked);
    expect(answer.status, answer.text).toBe(status);

    const client = asked.url === undefined || asked.url === server.url ? server.client : server.otherClient;
    const entries = await entriesOf(answer.headers.get('x-request-id'), client);

    expect(entries).toHaveLength(1);
    const isAdmins = route.permission !== 'none' && asked.headers?.['authorization'] === undefined;
    const by = isAdmins ? BY_ADMIN : { principal: expect.not.stringMatching('nobody'), address: '127.0.0.1' };
    expect(entries[0]).toMatchObject({ ...by, action: route.action, result: 'ok', reason: null });
    const target = entries[0]?.target;
    expect(target?.id ?? target?.name).not.toBeNull();
  });

  it('leaves one entry when it is refused', async () => {
    const answer = await send(server.url, route, failing.ask);
    expect(answer.status, answer.text).toBe(failing.status);

    const entries = await entriesOf(answer.headers.get('x-request-id'));

    const refused = entries.filter(({ result }) => result !== 'ok');
    expect(refused).toHaveLength(1);
    const isAdmins = route.permission !== 'none' && failing.status !== 401;
    const by = isAdmins ? BY_ADMIN : { principal: 'nobody', address: '127.0.0.1' };
    expect(refused[0]).toMatchObject({ ...by, action: route.action, result: 'refused', reason: failing.reason });
    expect(entries.length - refused.length).toBe(IN_GUEST.includes(route.action ?? '') ? 1 : 0);
  });
});

describe.each(MUTATIONS)('%s without a key', (_name, route, { failing }) => {
  it('is told as by nobody', async () => {
    const answer = await send(server.url, route, { ...failing.ask, headers: { authorization: 'Bearer wrong' } });

    const [entry, ...others] = await entriesOf(answer.headers.get('x-request-id'));

    expect(others).toEqual([]);
    if (route.permission === 'none') return;
    expect(entry).toMatchObject({
      ...{ principal: 'nobody', credential: { kind: 'none', id: null }, address: '127.0.0.1' },
      ...{ action: route.action, result: 'refused', reason: 'auth.key_invalid' },
    });
  });
});

describe('a request that only reads', () => {
  it('leaves nothing when it is answered', async () => {
    const before = (await server.client.audit.list({ limit: 1 })).items[0]?.sequence;
    await server.client.vms.get('first');
    await expect(server.client.vms.get('nobody')).rejects.toMatchObject({ reason: 'vm.unknown' });

    expect((await server.client.audit.list({ limit: 1 })).items[0]?.sequence).toBe(before);
  });

  it.each(READS.slice(0, 5))('is told of when nobody knows who asks: %s', async (_name, route, { failing }) => {
    const answer = await send(server.url, route, { ...failing.ask, headers: { authorization: 'Bearer wrong' } });

    const entries = await entriesOf(answer.headers.get('x-request-id'));

    const action = route.permission.replace(':', '.');
    expect(entries).toMatchObject([{ principal: 'nobody', action, result: 'refused', reason: 'auth.key_invalid' }]);
  });
});

describe('the audit', () => {
  it('tells nothing of what was sent: no value of a secret, a body, an environment, a URL', async () => {
    const { client } = server;
    const secret = 'hunter2-hunter2-hunter2';
    await client.webhooks.create({
      url: `http://hooks.invalid/${secret}`,
      secret: `whsec_${secret}`,
      is_enabled: false,
    });
    await client.executions.run('first', { argv: ['echo', secret], env: { TOKEN: secret } });
    await client.files.write('first', '/root/secret', secret);
    await client.users.create({ name: 'keeper', email: 'private-mail@example.com', password: secret });
    const { key } = await client.apiKeys.create({ name: 'ci', permissions: ['vm:read'] });
    await send(server.url, routes.listVms, { headers: { authorization: `Bearer ${secret}` } });

    const lines: string[] = [];
    for await (const entry of client.audit.export()) lines.push(JSON.stringify(entry));
    const told = lines.join('\n');

    expect(told).not.toContain(secret);
    expect(told).not.toContain('private-mail');
    expect(told).not.toContain(key);
    expect(lines.length).toBeGreaterThan(5);
  });

  it('is paged newest first, and exported whole, oldest first', async () => {
    const { client } = server;
    const paged: AuditEntry[] = [];
    for await (const entry of client.audit.listAll({ action: 'vm.create', limit: 3 })) paged.push(entry);
    const exported: AuditEntry[] = [];
    for await (const entry of client.audit.export({ action: 'vm.create' })) exported.push(entry);

    expect(paged.length).toBeGreaterThan(3);
    expect(paged.map(({ sequence }) => sequence)).toEqual(
      paged.map(({ sequence }) => sequence).toSorted((a, b) => b - a),
    );
    expect(exported).toEqual(paged.toReversed());
  });

  it('is filtered by all that it tells', async () => {
    const { client } = server;
    const { items } = await client.audit.list({
      target: 'first',
      action: 'vm.create',
      result: 'ok',
      principal: 'admin',
    });
    const [made] = items;

    expect(items).toHaveLength(1);
    expect(await client.audit.list({ target: made?.target.id ?? '', action: 'vm.create' })).toMatchObject({ items });
    expect((await client.audit.list({ target: 'first', until: made?.at ?? '' })).items).toEqual([]);
    expect((await client.audit.list({ since: '2999-01-01T00:00:00Z' })).items).toEqual([]);
  });

  it('is for those alone who may read it', async () => {
    const { client } = server;
    const { key } = await client.apiKeys.create({ name: 'reader', permissions: ['*:read'] });
    await client.users.create({ name: 'member-1', roles: ['member'] });
    const member = await client.apiKeys.create({ name: 'own', owner: 'member-1' });

    const asReader = { headers: { authorization: `Bearer ${key}` } };
    const asMember = { headers: { authorization: `Bearer ${member.key}` } };
    expect((await send(server.url, routes.listAudit, asReader)).status).toBe(200);
    const refused = await send(server.url, routes.listAudit, asMember);
    expect(refused.status).toBe(403);
    expect(JSON.parse(refused.text)).toMatchObject({ details: { required_permission: 'audit:read' } });

    const [entry] = await entriesOf(refused.headers.get('x-request-id'));
    expect(entry).toMatchObject({
      ...{ principal: 'member-1', action: 'audit.read', result: 'refused', reason: 'access.denied' },
      ...{ credential: { kind: 'api_key', id: member.id }, details: { required_permission: 'audit:read' } },
    });
  });
});
