import { describe, expect, it } from 'vitest';
import { rotateSecrets, secretsAt } from './webhook.ts';

const FIRST = { secrets: [{ value: 'one', expiresAt: null }] };

describe('the secrets of a webhook', () => {
  it('sign together for a while after a change, the new one first', () => {
    const secrets = rotateSecrets(FIRST, 'two', { now: 100, overlapMs: 50 });

    expect(secretsAt({ secrets }, 149)).toEqual(['two', 'one']);
    expect(secretsAt({ secrets }, 150)).toEqual(['two']);
  });

  it('are three at most, and an older one ends no later for a further change', () => {
    let secrets = rotateSecrets(FIRST, 'two', { now: 100, overlapMs: 50 });
    secrets = rotateSecrets({ secrets }, 'three', { now: 120, overlapMs: 50 });
    expect(secretsAt({ secrets }, 149)).toEqual(['three', 'two', 'one']);
    expect(secretsAt({ secrets }, 150)).toEqual(['three', 'two']);

    secrets = rotateSecrets({ secrets }, 'four', { now: 130, overlapMs: 50 });
    expect(secretsAt({ secrets }, 130)).toEqual(['four', 'three', 'two']);
  });

  it('forget those that have ended, and take the same value for one', () => {
    const secrets = rotateSecrets(FIRST, 'two', { now: 100, overlapMs: 50 });

    expect(rotateSecrets({ secrets }, 'three', { now: 500, overlapMs: 50 })).toEqual([
      { value: 'three', expiresAt: null },
      { value: 'two', expiresAt: 550 },
    ]);
    expect(rotateSecrets(FIRST, 'one', { now: 500, overlapMs: 50 })).toEqual(FIRST.secrets);
  });
});
