import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type AuthTrial, createAuthTrial, DAY_MS } from './auth.test-kit.ts';

let trial: AuthTrial;
beforeEach(async () => {
  trial = await createAuthTrial();
  await trial.addUser(1);
});
afterEach(() => trial[Symbol.asyncDispose]());

async function keyIds(): Promise<readonly string[]> {
  const { keys } = await trial.api.publicKeys();
  return Array.isArray(keys) ? keys.map((key) => String(Object(key).kid)) : [];
}

describe('keys of tokens', () => {
  it('are made when they are first needed, once for all who wait', async () => {
    const [first, second] = await Promise.all([trial.logIn(), trial.logIn(), trial.api.publicKeys()]);

    expect(await trial.store.signingKeys.list()).toHaveLength(1);
    for (const { accessToken } of [first, second]) {
      expect(await trial.auth.verifyToken(accessToken)).toMatchObject({ userId: first.user.id });
    }
  });

  it('are sealed in the database, and shown without what is secret', async () => {
    const { keys } = await trial.api.publicKeys();
    const [key] = await trial.store.signingKeys.list();

    expect(key?.sealedPrivateKey).toMatch(/^v1\./);
    expect(Object.keys(Object(Array.isArray(keys) ? keys[0] : null)).sort()).toEqual([
      'alg',
      'e',
      'kid',
      'kty',
      'n',
      'use',
    ]);
  });

  it('change by age; tokens of before go on to hold', async () => {
    const { accessToken, refreshToken } = await trial.logIn();
    await trial.clock.advance(6 * DAY_MS);
    const early = await trial.api.refresh(refreshToken);
    const before = await keyIds();
    await trial.clock.advance(3 * DAY_MS);
    const older = await trial.api.refresh(early.refreshToken);
    for (let day = 0; day < 5; day++) {
      await trial.clock.advance(5 * DAY_MS);
      await trial.auth.look();
    }

    expect(before).toHaveLength(1);
    expect(await keyIds()).toHaveLength(2);
    await expect(trial.auth.verifyToken(accessToken)).rejects.toMatchObject({ reason: 'auth.token_expired' });
    await expect(trial.auth.verifyToken(older.accessToken)).rejects.toMatchObject({ reason: 'auth.token_expired' });
    await trial.clock.advance(3_600_000);
    await trial.auth.look();
    const { accessToken: newest } = await trial.logIn();
    expect(await trial.auth.verifyToken(newest)).toBeDefined();
  });

  it('are dropped when nothing is valid by them', async () => {
    const [first] = await keyIds();
    await trial.clock.advance(30 * DAY_MS);
    await trial.auth.look();
    expect(await keyIds()).toHaveLength(2);
    await trial.clock.advance(31 * DAY_MS);
    await trial.auth.look();

    expect(await keyIds()).not.toContain(first);
    expect((await trial.store.signingKeys.list()).map(({ keyId }) => keyId)).not.toContain(first);
  });

  it('are shared by servers: each takes the tokens of the other, also by a key that it has not seen', async () => {
    const other = await trial.another();
    const { accessToken } = await trial.logIn();
    expect(await other.verifyToken(accessToken)).toBeDefined();
    await trial.clock.advance(30 * DAY_MS);
    await trial.auth.look();
    await trial.clock.advance(3_600_000);
    await trial.auth.look();
    const { accessToken: later } = await trial.logIn();

    expect(await other.verifyToken(later)).toBeDefined();
    expect(await trial.store.signingKeys.list()).toHaveLength(2);
  });

  it('whose secret half is lost give way to a new one, and it is told', async () => {
    const { accessToken } = await trial.logIn();
    const [lost] = await keyIds();
    await trial.store.signingKeys.reseal(lost ?? '', 'v1.gone.gone.gone');
    await trial.clock.advance(1);
    await trial.auth.look();

    expect(await keyIds()).toHaveLength(2);
    expect(await trial.auth.verifyToken(accessToken)).toBeDefined();
    expect(await trial.auth.verifyToken((await trial.logIn()).accessToken)).toBeDefined();
    expect(trial.logged.join('')).toContain('a key of tokens cannot be used');
  });
});

describe('a change of the key that seals', () => {
  it('takes second factors and keys of tokens along: what was sealed before is of no use any more', async () => {
    const { accessToken } = await trial.logIn();
    const me = await trial.bearer(accessToken);
    const { secret } = await trial.api.enrolMfa(me);
    const before = await trial.store.signingKeys.list();

    const resealed = await trial.changeSealingKey();

    expect(resealed).toEqual({ secrets: 0, second_factors: 1, signing_keys: 1, webhooks: 0 });
    expect((await trial.store.signingKeys.list())[0]?.sealedPrivateKey).not.toBe(before[0]?.sealedPrivateKey);
    expect(await trial.api.confirmMfa(me, trial.codeOf(secret))).toHaveLength(10);
    const other = await trial.another();
    expect(await other.verifyToken(accessToken)).toBeDefined();
    await trial.clock.advance(60_000);
    const login = await trial.logIn({ mfaCode: trial.codeOf(secret) });
    expect(await other.verifyToken(login.accessToken)).toBeDefined();
  });
});
