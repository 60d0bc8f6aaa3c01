import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SYSTEM } from '../../domain/principal/principal.ts';
import { ADMIN } from '../principals.test-kit.ts';
import { createIdentityTrial, type IdentityTrial, keyRequest, userNamed } from './identity.test-kit.ts';

let trial: IdentityTrial;
beforeEach(async () => {
  trial = await createIdentityTrial();
  await trial.identity.users.create(ADMIN, userNamed('ann'));
});
afterEach(() => trial[Symbol.asyncDispose]());

/** Watches a new key of Ann's; how often its loss was told. */
async function watchKey(change: Parameters<typeof keyRequest>[0] = {}) {
  const { apiKey, key } = await trial.identity.apiKeys.create(ADMIN, keyRequest({ owner: 'ann', ...change }));
  let times = 0;
  const unwatch = trial.identity.watchPrincipal(await trial.by(key), () => {
    times += 1;
  });
  return { apiKey, unwatch, times: () => times };
}

describe('who is watched', () => {
  it('is lost once, when its key is revoked', async () => {
    const [revoked, other] = [await watchKey(), await watchKey()];
    await trial.identity.apiKeys.revoke(ADMIN, revoked.apiKey.id);
    await trial.identity.look();
    await trial.identity.look();

    expect([revoked.times(), other.times()]).toEqual([1, 0]);
  });

  it('is lost when the time of its key is over, which no change tells', async () => {
    const { times } = await watchKey({ expiresAt: trial.clock.now() + 1_000 });
    await trial.identity.look();
    expect(times()).toBe(0);
    await trial.clock.advance(1_000);
    await trial.identity.look();

    expect(times()).toBe(1);
  });

  it('is lost when it may do less, and not when it may do more', async () => {
    const { times } = await watchKey();
    await trial.identity.users.update(ADMIN, 'ann', { roles: ['member', 'operator'] });
    await trial.identity.look();
    expect(times()).toBe(0);
    await trial.identity.users.update(ADMIN, 'ann', { roles: ['viewer'] });
    await trial.identity.look();

    expect(times()).toBe(1);
  });

  it('is not told of when nobody watches any more, nor is the server itself', async () => {
    const { apiKey, unwatch, times } = await watchKey();
    unwatch();
    trial.identity.watchPrincipal(SYSTEM, () => expect.unreachable());
    await trial.identity.apiKeys.revoke(ADMIN, apiKey.id);
    await trial.identity.look();

    expect(times()).toBe(0);
  });
});
