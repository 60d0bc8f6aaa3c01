import { describe, expect, it } from 'vitest';
import { rotateSecrets, type SigningSecret, secretsAt } from './webhook.ts';

const FIRST = { secrets: [{ stored: 'one', isSealed: true, expiresAt: null }] };

function signingAt(secrets: readonly SigningSecret[], now: number): readonly string[] {
  return secretsAt({ secrets }, now).map(({ stored }) => stored);
}

describe('the secrets of a webhook', () => {
  it('sign together for a while after a change, the new one first', () => {
    const secrets = rotateSecrets(FIRST, 'two', { now: 100, overlapMs: 50 });

    expect(signingAt(secrets, 149)).toEqual(['two', 'one']);
    expect(signingAt(secrets, 150)).toEqual(['two']);
  });

  it('are three at most, and an older one ends no later for a further change', () => {
    let secrets = rotateSecrets(FIRST, 'two', { now: 100, overlapMs: 50 });
    secrets = rotateSecrets({ secrets }, 'three', { now: 120, overlapMs: 50 });
    expect(signingAt(secrets, 149)).toEqual(['three', 'two', 'one']);
    expect(signingAt(secrets, 150)).toEqual(['three', 'two']);

    secrets = rotateSecrets({ secrets }, 'four', { now: 130, overlapMs: 50 });
    expect(signingAt(secrets, 130)).toEqual(['four', 'three', 'two']);
  });

  it('forget those that have ended, and take the same value for one', () => {
    const secrets = rotateSecrets(FIRST, 'two', { now: 100, overlapMs: 50 });

    expect(rotateSecrets({ secrets }, 'three', { now: 500, overlapMs: 50 })).toEqual([
      { stored: 'three', isSealed: true, expiresAt: null },
      { stored: 'two', isSealed: true, expiresAt: 550 },
    ]);
    expect(rotateSecrets(FIRST, 'one', { now: 500, overlapMs: 50 })).toEqual(FIRST.secrets);
  });
});
