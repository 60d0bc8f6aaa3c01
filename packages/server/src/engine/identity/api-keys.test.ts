import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { refusal } from '../../ports/store-contract/fixture.contract.ts';
import { numberedId } from '../../ports/store-contract/samples.contract.ts';
import type { ApiKeyApi } from '../apis/user-api.ts';
import { ADMIN, principalWith } from '../principals.test-kit.ts';
import type { Claim } from '../requests.ts';
import { createIdentityTrial, type IdentityTrial, keyRequest, userNamed } from './identity.test-kit.ts';

const ANN = principalWith(
  'ann',
  '*@own',
  'image:read',
  'tool:read',
  'template:read',
  'warm-template:read',
  'host:read',
);
const cannotGrant = refusal('permission_denied', 'access.cannot_grant');
const unknown = refusal('not_found', 'api_key.unknown');

let trial: IdentityTrial;
let keys: ApiKeyApi;

beforeEach(async () => {
  trial = await createIdentityTrial();
  keys = trial.identity.apiKeys;
  for (const name of ['ann', 'bob']) await trial.identity.users.create(ADMIN, userNamed(name));
});
afterEach(async () => {
  await trial[Symbol.asyncDispose]();
});

describe('an API key', () => {
  it('is shown once: prefix, then 256 bits', async () => {
    const { key, apiKey } = await keys.create(ANN, keyRequest({ name: 'CI' }));

    expect(key).toMatch(/^vk_[a-z0-9]{8}_[A-Za-z0-9_-]{43}$/);
    expect(key.startsWith(`vk_${apiKey.prefix}_`)).toBe(true);
    expect(apiKey).toMatchObject({ name: 'CI', owner: 'ann', createdBy: 'ann', lastUsedAt: null });
    expect(JSON.stringify(await keys.list(ANN, { limit: 9, after: null }))).not.toContain(key.slice(12));
  });

  it('of somebody else is not there, but for who may see all', async () => {
    const { apiKey } = await keys.create(ADMIN, keyRequest({ owner: 'bob' }));
    await keys.create(ANN, keyRequest());
    const listed = async (...by: Parameters<typeof keys.list>) =>
      (await keys.list(...by)).items.map(({ owner }) => owner);

    await expect(keys.get(ANN, apiKey.id)).rejects.toEqual(unknown);
    await expect(keys.revoke(ANN, apiKey.id)).rejects.toEqual(unknown);
    await expect(keys.get(ANN, numberedId('key', 1))).rejects.toEqual(unknown);
    expect(await listed(ANN, { limit: 9, after: null })).toEqual(['ann']);
    expect(await listed(ANN, { limit: 9, after: null, owner: 'bob' })).toEqual([]);
    expect(await listed(ADMIN, { limit: 9, after: null })).toEqual(['bob', 'ann']);
    expect(await listed(ADMIN, { limit: 9, after: null, owner: 'ann' })).toEqual(['ann']);
  });

  it('is renamed and labelled by who may, in nothing else', async () => {
    const { apiKey, key } = await keys.create(ANN, keyRequest({ labels: { team: 'blue' } }));

    expect(await keys.update(ANN, apiKey.id, { name: 'CI' })).toEqual({ ...apiKey, name: 'CI' });
    const labelled = await keys.update(ANN, apiKey.id, { labels: { team: 'red' } });
    expect(labelled).toEqual({ ...apiKey, name: 'CI', labels: { team: 'red' } });
    expect(await keys.get(ANN, apiKey.id)).toEqual(labelled);
    expect((await trial.by(key)).name).toBe('ann');

    await expect(keys.update(principalWith('bob', '*@own'), apiKey.id, { name: 'x' })).rejects.toEqual(unknown);
    await expect(keys.update(principalWith('ann', 'api-key:read'), apiKey.id, { name: 'x' })).rejects.toEqual(
      refusal('permission_denied', 'access.denied', { required_permission: 'api-key:update' }),
    );
    await expect(keys.update(ANN, apiKey.id, { labels: { '': 'x' } })).rejects.toMatchObject({
      reason: 'vm.invalid_labels',
    });
  });

  it('may do no more than its owner', async () => {
    await expect(keys.create(ANN, keyRequest({ permissions: ['vm:*'] }))).rejects.toEqual(cannotGrant);
    await expect(keys.create(ADMIN, keyRequest({ owner: 'bob', permissions: ['*'] }))).rejects.toEqual(cannotGrant);

    await keys.create(ANN, keyRequest({ permissions: ['vm:*@own'] }));
  });

  it('makes no key that may do more than itself', async () => {
    const { key } = await keys.create(ANN, keyRequest({ permissions: ['vm:read@own', 'api-key:*@own'] }));
    const restricted = await trial.by(key);

    await expect(keys.create(restricted, keyRequest())).rejects.toEqual(cannotGrant);
    await expect(keys.create(restricted, keyRequest({ permissions: ['vm:*@own'] }))).rejects.toEqual(cannotGrant);
    await keys.create(restricted, keyRequest({ permissions: ['vm:read@own'] }));
  });

  it('makes no key that lasts longer than itself', async () => {
    const expiresAt = trial.clock.now() + 1_000;
    const { key } = await keys.create(ANN, keyRequest({ expiresAt }));
    const passing = await trial.by(key);
    const tooLong = refusal('invalid_argument', 'api_key.invalid_expiry', { field: 'expires_at' });

    await expect(keys.create(passing, keyRequest())).rejects.toEqual(tooLong);
    await expect(keys.create(passing, keyRequest({ expiresAt: expiresAt + 1 }))).rejects.toEqual(tooLong);
    await keys.create(passing, keyRequest({ expiresAt }));
  });

  it('is made for others by who may, and by nobody else', async () => {
    const clerk = principalWith('clerk', 'api-key:*');

    await expect(keys.create(ANN, keyRequest({ owner: 'bob' }))).rejects.toEqual(
      refusal('permission_denied', 'access.denied', { required_permission: 'api-key:create' }),
    );
    await expect(keys.create(clerk, keyRequest({ owner: 'admin' }))).rejects.toEqual(cannotGrant);
    await expect(keys.create(ADMIN, keyRequest({ owner: 'carol' }))).rejects.toEqual(
      refusal('not_found', 'user.unknown'),
    );
  });

  it('is no way to what somebody else owns', async () => {
    const clerk = principalWith(
      'clerk',
      '*@own',
      'image:read',
      'tool:read',
      'template:read',
      'warm-template:read',
      'host:read',
      'api-key:*',
    );

    await expect(keys.create(clerk, keyRequest({ owner: 'bob' }))).rejects.toEqual(cannotGrant);
    await expect(keys.create(clerk, keyRequest({ owner: 'bob', permissions: ['vm:read@own'] }))).rejects.toMatchObject({
      reason: 'access.cannot_grant',
      details: { lacking: ['vm:read'] },
    });
    await keys.create(clerk, keyRequest({ owner: 'bob', permissions: ['host:read'] }));
  });

  it.each([0, -1, Number.NaN])('does not end now or before (%d)', async (later) => {
    await expect(keys.create(ANN, keyRequest({ expiresAt: trial.clock.now() + later }))).rejects.toEqual(
      refusal('invalid_argument', 'api_key.invalid_expiry', { field: 'expires_at' }),
    );
  });

  it('can be had 100 times by one user', async () => {
    for (let i = 0; i < 100; i++) await keys.create(ANN, keyRequest());

    await expect(keys.create(ANN, keyRequest())).rejects.toEqual(
      refusal('resource_exhausted', 'api_key.too_many', { maximum: 100 }),
    );
  });

  it('that is asked for again gets another text, and is one, until it is used', async () => {
    const claim: Claim = {
      ...{ principal: 'ann', key: 'k', fingerprint: 'f', requestId: 'req_1' },
      ...{ effect: null, answer: null },
    };
    const first = await keys.create(ANN, keyRequest(), { once: claim });
    const bound = await trial.store.idempotencyKeys.get('ann', 'k');
    const again: Claim = { ...claim, effect: bound?.effect ?? null };

    const second = await keys.create(ANN, keyRequest(), { once: again });

    expect(second.apiKey.id).toBe(first.apiKey.id);
    expect(await trial.store.apiKeys.countOf('ann')).toBe(1);
    await expect(trial.by(first.key)).rejects.toEqual(refusal('unauthenticated', 'auth.key_invalid'));
    await trial.by(second.key);
    await trial.identity.stop();
    await expect(keys.create(ANN, keyRequest(), { once: again })).rejects.toEqual(
      refusal('conflict', 'idempotency.outcome_unknown'),
    );
    await trial.by(second.key);
  });
});
