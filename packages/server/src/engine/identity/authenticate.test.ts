import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { refusal } from '../../ports/store-contract/fixture.contract.ts';
import { ADMIN, ADMIN_KEY } from '../principals.test-kit.ts';
import { createIdentityTrial, type IdentityTrial, keyRequest, userNamed } from './identity.test-kit.ts';

const NOWHERE = { address: null, requestId: null };
const invalid = refusal('unauthenticated', 'auth.key_invalid');
const refused = refusal('unauthenticated', 'auth.user_refused');

let trial: IdentityTrial;

beforeEach(async () => {
  trial = await createIdentityTrial();
  await trial.identity.users.create(ADMIN, userNamed('ann'));
});
afterEach(async () => {
  await trial[Symbol.asyncDispose]();
});

/** A key of Ann's. */
async function annsKey(change: Parameters<typeof keyRequest>[0] = {}) {
  return await trial.identity.apiKeys.create(ADMIN, keyRequest({ owner: 'ann', ...change }));
}

describe('a key', () => {
  it('of the built-in administrator stands for that account', async () => {
    const principal = await trial.by(ADMIN_KEY);

    expect(principal).toMatchObject({ kind: 'user', name: 'admin', credential: { kind: 'admin_key', id: null } });
    expect(principal.rights.all.has('user:delete')).toBe(true);
  });

  it('stands for its owner, with what the roles of that user allow', async () => {
    const { key, apiKey } = await annsKey();

    const principal = await trial.by(key);

    expect(principal).toMatchObject({ name: 'ann', credential: { kind: 'api_key', id: apiKey.id } });
    expect(principal.rights.all.has('vm:read')).toBe(false);
    expect(principal.rights.own.has('vm:delete')).toBe(true);
  });

  it('that is restricted does what both it and its owner may', async () => {
    const { key } = await annsKey({ permissions: ['vm:*@own', 'image:read'] });
    await trial.identity.users.update(ADMIN, 'ann', { roles: ['viewer'] });

    const { rights } = await trial.by(key);

    expect([...rights.all]).toEqual(['image:read']);
    expect([...rights.own].toSorted()).toEqual(['image:read', 'vm:read']);
  });

  it('is answered at once when it was looked at before, and carries where the request came from', async () => {
    const { key } = await annsKey();
    await trial.by(key);
    const origin = { address: '192.0.2.7', requestId: 'req_1' };

    const known = trial.identity.authenticate({ kind: 'key', value: key }, origin);
    const again = trial.identity.authenticate({ kind: 'bearer', value: key }, origin);

    // By the other header it was not looked at yet.
    expect(known).toBeInstanceOf(Promise);
    await known;
    expect(again).toMatchObject({ name: 'ann', origin });
  });

  it('is refused from the moment that it is revoked', async () => {
    const { key, apiKey } = await annsKey();
    await trial.by(key);

    await trial.identity.apiKeys.revoke(ADMIN, apiKey.id);

    await expect(trial.by(key)).rejects.toEqual(invalid);
  });

  it('is refused from the moment that its owner is disabled, deleted, and taken again when enabled', async () => {
    const { key } = await annsKey();
    await trial.by(key);

    await trial.identity.users.update(ADMIN, 'ann', { state: 'disabled' });
    await expect(trial.by(key)).rejects.toEqual(invalid);
    await trial.identity.users.update(ADMIN, 'ann', { state: 'active' });
    await trial.by(key);
    await trial.identity.users.delete(ADMIN, 'ann');

    await expect(trial.by(key)).rejects.toEqual(invalid);
    expect(await trial.store.apiKeys.countOf('ann')).toBe(0);
  });

  it('does less from the moment that a role of its owner does', async () => {
    await trial.identity.roles.put(ADMIN, 'builder', { description: '', permissions: ['image:*'] });
    await trial.identity.users.update(ADMIN, 'ann', { roles: ['builder'] });
    const { key } = await annsKey();
    expect((await trial.by(key)).rights.all.has('image:build')).toBe(true);

    await trial.identity.roles.put(ADMIN, 'builder', { description: '', permissions: ['image:read'] });

    expect((await trial.by(key)).rights.all.has('image:build')).toBe(false);
  });

  it('is refused when its time is over, also one that was known; told only to whoever has all of it', async () => {
    const { key } = await annsKey({ expiresAt: trial.clock.now() + 60_000 });
    await trial.by(key);
    await trial.clock.advance(60_000);

    await expect(trial.by(key)).rejects.toEqual(refusal('unauthenticated', 'auth.key_expired'));
    await expect(trial.by(`${key.slice(0, -1)}${key.endsWith('A') ? 'B' : 'A'}`)).rejects.toEqual(invalid);
  });

  it.each([
    ['of the right shape', 'vk_00000000_0000000000000000000000000000000000000000000'],
    ['that is empty', ''],
    ['that is long', 'k'.repeat(10_000)],
    ['that is nearly the administrator’s', `${ADMIN_KEY}x`],
  ])('%s is refused in the same words', async (_name, value) => {
    const fault: unknown = await trial.by(value).catch((error: unknown) => error);

    expect(fault).toEqual(invalid);
    expect(String(fault)).toBe(String(await trial.by('other').catch((error: unknown) => error)));
  });

  it('like a token is none, and it is told what it was taken for', async () => {
    await expect(trial.by('a.b.c')).rejects.toEqual(refusal('unauthenticated', 'auth.token_invalid'));
  });

  it('with the prefix of one that there is, and another secret, is refused', async () => {
    const { key } = await annsKey();
    const other = await annsKey();

    await expect(trial.by(key.slice(0, 12) + other.key.slice(12))).rejects.toEqual(invalid);
  });

  it('is noted as used, at most once a minute', async () => {
    const { key, apiKey } = await annsKey();
    const lastUsedAt = async () => {
      await trial.identity.stop();
      return (await trial.store.apiKeys.get(apiKey.id))?.lastUsedAt;
    };
    const first = trial.clock.now();
    await trial.by(key);
    expect(await lastUsedAt()).toBe(first);

    await trial.clock.advance(59_000);
    await trial.by(key);
    expect(await lastUsedAt()).toBe(first);
    await trial.clock.advance(1_000);
    await trial.by(key);

    expect(await lastUsedAt()).toBe(first + 60_000);
  });

  it('is kept nowhere: its digest alone is in the database', async () => {
    const { key, apiKey } = await annsKey();

    const kept = JSON.stringify(await trial.store.apiKeys.get(apiKey.id));

    expect(kept).not.toContain(key.slice(12));
    expect(kept).toContain(apiKey.prefix);
  });
});

describe('whoever is on this machine', () => {
  const local = async () => await trial.identity.authenticate({ kind: 'loopback' }, NOWHERE);

  it('is one user, an operator, once for many who come at the same time', async () => {
    const all = await Promise.all(Array.from({ length: 8 }, local));

    for (const principal of all)
      expect(principal).toMatchObject({ name: 'api', credential: { kind: 'loopback', id: null } });
    expect(await trial.store.users.getByName('api')).toMatchObject({ roles: ['operator'], source: 'loopback' });
  });

  it('may do what that user may, at once', async () => {
    await local();
    await trial.identity.users.update(ADMIN, 'api', { roles: ['viewer'] });
    expect((await local()).rights.all.has('vm:create')).toBe(false);

    await trial.identity.users.update(ADMIN, 'api', { state: 'disabled' });
    await expect(local()).rejects.toEqual(refused);
  });

  it('is nobody whom a proxy names, and no proxy names it', async () => {
    await local();
    await expect(trial.identity.authenticate({ kind: 'proxy', name: 'api' }, NOWHERE)).rejects.toEqual(refused);
  });

  it('is refused where the account of that name is somebody’s own', async () => {
    await trial.identity.users.create(ADMIN, userNamed('api'));
    await expect(local()).rejects.toEqual(refused);
  });

  it('is not kept away by a header that names it first', async () => {
    await expect(trial.identity.authenticate({ kind: 'proxy', name: 'api' }, NOWHERE)).rejects.toEqual(refused);
    expect(await local()).toMatchObject({ name: 'api' });
  });
});

describe('a user whom a trusted proxy names', () => {
  const proxied = async (name: string) => await trial.identity.authenticate({ kind: 'proxy', name }, NOWHERE);

  it('is that user', async () => {
    expect(await proxied('ann')).toMatchObject({ name: 'ann', credential: { kind: 'proxy', id: null } });
  });

  it('becomes a member when nobody knows the name, once for many who come at the same time', async () => {
    const all = await Promise.all(Array.from({ length: 8 }, () => proxied('bob@corp.example')));

    expect(new Set(all.map(({ name }) => name))).toEqual(new Set(['bob@corp.example']));
    const user = await trial.store.users.getByName('bob@corp.example');
    expect(user).toMatchObject({ roles: ['member'], source: 'proxy', passwordHash: null });
  });

  it.each(['admin', 'system', 'nobody', '', 'Ann', 'ann, admin', '../ann', 'a'.repeat(65)])(
    'is refused as %j',
    async (name) => {
      await expect(proxied(name)).rejects.toEqual(refused);
    },
  );

  it('is refused when disabled, at once, and when deleted: the name is not given again', async () => {
    await proxied('ann');
    await trial.identity.users.update(ADMIN, 'ann', { state: 'disabled' });
    await expect(proxied('ann')).rejects.toEqual(refused);

    await trial.identity.users.delete(ADMIN, 'ann');

    await expect(proxied('ann')).rejects.toEqual(refused);
  });

  it('is no key: what names somebody here opens nothing there', async () => {
    await proxied('ann');

    await expect(trial.by('ann')).rejects.toEqual(invalid);
  });
});
