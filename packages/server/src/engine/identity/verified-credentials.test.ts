import { describe, expect, it } from 'vitest';
import { NO_RIGHTS } from '../../domain/principal/rights.ts';
import { createIdentityEpoch } from './identity-epoch.ts';
import { createVerifiedCredentials, type Verified } from './verified-credentials.ts';

function verified(name: string, expiresAt: number | null = null): Verified {
  return { name, rights: NO_RIGHTS, credential: { kind: 'api_key', id: null }, expiresAt };
}

describe('credentials that were verified', () => {
  it('are known until something changes', () => {
    const epoch = createIdentityEpoch();
    const known = createVerifiedCredentials(epoch);
    known.keep('a', verified('ann'), epoch.current());
    expect(known.get('a', 0)?.name).toBe('ann');
    expect(known.get('b', 0)).toBeNull();

    epoch.advance();

    expect(known.get('a', 0)).toBeNull();
  });

  it('are not kept when something has changed while they were looked at', () => {
    const epoch = createIdentityEpoch();
    const known = createVerifiedCredentials(epoch);
    const before = epoch.current();
    epoch.advance();

    known.keep('a', verified('ann'), before);

    expect(known.get('a', 0)).toBeNull();
  });

  it('are known no longer than they last', () => {
    const epoch = createIdentityEpoch();
    const known = createVerifiedCredentials(epoch);
    known.keep('a', verified('ann', 100), epoch.current());

    expect(known.get('a', 99)?.name).toBe('ann');
    expect(known.get('a', 100)).toBeNull();
  });

  it('are bounded in number: the first one goes', () => {
    const epoch = createIdentityEpoch();
    const known = createVerifiedCredentials(epoch, 3);

    for (const name of ['a', 'b', 'c', 'd']) known.keep(name, verified(name), epoch.current());

    expect(['a', 'b', 'c', 'd'].map((name) => known.get(name, 0)?.name)).toEqual([undefined, 'b', 'c', 'd']);
  });
});
