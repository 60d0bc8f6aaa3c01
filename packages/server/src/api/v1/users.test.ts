import { createClient, type VolaryClient } from '@volary/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningApi, runApi } from '../testing/run-api.ts';
import { ADMIN_KEY } from '../testing/run-server.ts';

let api: RunningApi;
let admin: VolaryClient;

beforeAll(async () => {
  api = await runApi({});
  admin = createClient({ baseUrl: api.url, apiKey: ADMIN_KEY });
});
afterAll(async () => {
  await api[Symbol.asyncDispose]();
});

/** A user with these roles, and a client by a key of that user's. */
async function clientOf(name: string, ...roles: string[]): Promise<VolaryClient> {
  await admin.users.create({ name, roles });
  const { key } = await admin.apiKeys.create({ name: 'test', owner: name });
  return createClient({ baseUrl: api.url, apiKey: key });
}

async function ask(method: string, path: string, body?: object, key = ADMIN_KEY) {
  const response = await fetch(api.url + path, {
    method,
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, text: await response.text(), headers: response.headers };
}

describe('a viewer’s key', () => {
  it('lists but cannot create: the refusal names the permission', async () => {
    const viewer = await clientOf('vera', 'viewer');
    await admin.vms.create({ name: 'seen', start: false });

    expect((await viewer.vms.list()).items.map(({ name }) => name)).toEqual(['seen']);
    await expect(viewer.vms.create({ name: 'mine' })).rejects.toMatchObject({
      status: 403,
      reason: 'access.denied',
      details: { required_permission: 'vm:create' },
    });
  });

  it('says who it is and what it may do', async () => {
    const me = await (await clientOf('victor', 'viewer')).users.me();

    expect(me.user).toMatchObject({ name: 'victor', roles: ['viewer'] });
    expect(me.credential).toMatchObject({ kind: 'api_key', id: expect.stringMatching(/^key_/) });
    expect(me.permissions).toContain('vm:read');
    expect(me.permissions).toContain('session:delete@own');
    expect(me.permissions).not.toContain('vm:create');
  });
});

describe('an account', () => {
  it('is not given rights by its own user', async () => {
    await clientOf('mona', 'member');
    const { key } = await admin.apiKeys.create({ name: 'test', owner: 'mona' });

    for (const body of [
      { roles: ['admin'] },
      { role: 'admin' },
      { display_name: 'Mona', state: 'active' },
      { quota: { vms: 1_000 } },
      JSON.parse('{"__proto__":{"roles":["admin"]}}'),
    ]) {
      const answer = await ask('PATCH', '/v1/auth/me', body, key);
      expect([answer.status, JSON.parse(answer.text).reason]).toEqual([400, 'request.invalid']);
    }
    expect(await ask('PATCH', '/v1/users/mona', { roles: ['admin'] }, key)).toMatchObject({ status: 403 });
    expect((await admin.users.get('mona')).roles).toEqual(['member']);
  });

  it('shows nothing of its password', async () => {
    const made = await ask('POST', '/v1/users', { name: 'paul', password: 'brisk umbrella 7' });
    const answers = [made, await ask('GET', '/v1/users/paul'), await ask('GET', '/v1/users')];

    for (const { text } of answers) expect(text).not.toMatch(/argon2|umbrella|hash/);
    expect(JSON.parse(made.text)).toMatchObject({ has_password: true, mfa_enabled: false });
  });

  it('is changed only as it was seen', async () => {
    const seen = await admin.users.create({ name: 'quentin' });
    await admin.users.update('quentin', { display_name: 'Q' });

    await expect(
      admin.users.update('quentin', { roles: ['viewer'] }, { ifUnchangedSince: seen }),
    ).rejects.toMatchObject({ status: 412, reason: 'user.changed' });
  });

  it('is listed page by page, a deleted one only when asked for', async () => {
    await admin.users.create({ name: 'gone' });
    await admin.users.delete('gone');
    const namesOf = async (state?: 'deleted') => {
      const names: string[] = [];
      for await (const { name } of admin.users.listAll({ limit: 2, ...(state && { state: [state] }) }))
        names.push(name);
      return names;
    };

    expect(await namesOf()).toContain('admin');
    expect(await namesOf()).not.toContain('gone');
    expect(await namesOf('deleted')).toEqual(['gone']);
  });
});

describe('an API key', () => {
  it('is shown in one answer, which nobody keeps, and in no other', async () => {
    const made = await ask('POST', '/v1/api-keys', { name: 'once' });
    const { id, key } = JSON.parse(made.text);
    const others = [await ask('GET', '/v1/api-keys'), await ask('GET', `/v1/api-keys/${id}`)];

    expect(made.headers.get('cache-control')).toBe('no-store');
    for (const { text } of others) {
      expect(text).toContain(key.slice(0, 11));
      expect(text).not.toContain(key.slice(12));
    }
    await admin.apiKeys.revoke(id);
    expect((await ask('GET', '/v1/auth/me', undefined, key)).status).toBe(401);
  });

  it('is refused in the same words whether it never was one, was revoked, or its owner is gone', async () => {
    await admin.users.create({ name: 'otto' });
    const revoked = await admin.apiKeys.create({ name: 'a' });
    await admin.apiKeys.revoke(revoked.id);
    const orphan = await admin.apiKeys.create({ name: 'b', owner: 'otto' });
    await admin.users.delete('otto');
    const keys = ['nonsense', `vk_00000000_${'0'.repeat(43)}`, revoked.key, orphan.key];

    const answers = await Promise.all(keys.map((key) => ask('GET', '/v1/auth/me', undefined, key)));

    const words = answers.map(({ status, text }) => [status, text.replace(/req_\w+/, '')].join(' '));
    expect(new Set(words).size).toBe(1);
    expect(answers[0]?.status).toBe(401);
  });
});
