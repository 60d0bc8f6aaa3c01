import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cpuMsOf } from '../../lib/testing/cpu-time.ts';
import { passwordHasherContract } from '../../ports/password-hasher.contract.ts';
import { createArgon2Hasher } from './argon2-hasher.ts';
import { formatPhc, parsePhc } from './phc.ts';

passwordHasherContract({
  name: 'argon2id',
  make: () => createArgon2Hasher({ atOnce: 2, maxWaiting: 100 }),
  // By the reference implementation, with a salt that is not random.
  others: ['$argon2id$v=19$m=4096,t=3,p=2$c29tZXNhbHRzb21lc2FsdA$RAuWdjHlp5hnGCYxt0dduZWjBu+q/a+V'],
});

describe('argon2id', () => {
  it('takes the same effort for a user who has no password', async () => {
    const hasher = createArgon2Hasher({ atOnce: 1, maxWaiting: 1 });
    const kept = await hasher.hash('a password');
    const times = { known: Infinity, unknown: Infinity };
    for (let i = 0; i < 5; i++) {
      for (const [which, hash] of [
        ['known', kept],
        ['unknown', null],
      ] as const) {
        times[which] = Math.min(times[which], await cpuMsOf(() => hasher.verify('a guess', hash)));
      }
    }

    expect(times.unknown / times.known).toBeGreaterThan(0.7);
    expect(times.unknown / times.known).toBeLessThan(1.4);
  });

  it('refuses when too many wait, and takes others when they are done', async () => {
    const hasher = createArgon2Hasher({ atOnce: 1, maxWaiting: 2 });
    const all = await Promise.allSettled(Array.from({ length: 5 }, () => hasher.hash('a password')));

    expect(all.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'fulfilled', 'rejected', 'rejected']);
    expect(all[4]).toMatchObject({ reason: { code: 'resource_exhausted', reason: 'auth.too_many_logins' } });
    await expect(hasher.hash('a password')).resolves.toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
  });

  it('reads the strings that it writes', () => {
    const bytes = fc.uint8Array({ minLength: 16, maxLength: 32 });
    fc.assert(
      fc.property(bytes, bytes, fc.integer({ min: 8, max: 1_000_000 }), (salt, tag, memoryKib) => {
        const hash = { memoryKib, passes: 3, parallelism: 1, salt, tag };
        const parsed = parsePhc(formatPhc(hash));
        expect({ ...parsed, salt: [...(parsed?.salt ?? [])], tag: [...(parsed?.tag ?? [])] }).toEqual({
          ...{ ...hash, salt: [...salt], tag: [...tag] },
        });
      }),
    );
  });
});
