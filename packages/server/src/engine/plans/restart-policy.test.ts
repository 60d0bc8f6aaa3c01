import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RESTART_POLICIES } from '../../domain/vm/restarts.ts';
import { decideRestart } from './restart-policy.ts';

const causes = ['powered-off', 'panicked', 'io-error', 'vmm-died', 'not-started'] as const;
const ended = { count: 0, livedMs: 5_000 };

describe('the restart policy', () => {
  it.each([
    ['never', []],
    ['on-failure', ['panicked', 'io-error', 'vmm-died', 'not-started']],
    ['always', [...causes]],
  ] as const)('%s restarts after %j', (policy, restarted) => {
    expect(causes.filter((cause) => decideRestart({ ...ended, policy, cause }) !== null)).toEqual(restarted);
  });

  it('waits twice as long each time, up to five minutes', () => {
    const delays = [0, 1, 2, 3, 8, 9, 1_000].map(
      (count) => decideRestart({ policy: 'always', cause: 'panicked', count, livedMs: 10 })?.delayMs,
    );

    expect(delays).toEqual([1_000, 2_000, 4_000, 8_000, 256_000, 300_000, 300_000]);
  });

  it('begins anew after a life that has lasted', () => {
    expect(decideRestart({ policy: 'always', cause: 'panicked', count: 9, livedMs: 600_000 })).toEqual({
      count: 1,
      delayMs: 1_000,
    });
    expect(decideRestart({ policy: 'always', cause: 'panicked', count: 9, livedMs: null })?.count).toBe(10);
  });

  it('always has a bounded wait', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...RESTART_POLICIES),
        fc.constantFrom(...causes),
        fc.nat(),
        fc.option(fc.integer({ min: 0 })),
        (policy, cause, count, livedMs) => {
          const next = decideRestart({ policy, cause, count, livedMs });
          if (next !== null) expect(next.delayMs >= 1_000 && next.delayMs <= 300_000 && next.count >= 1).toBe(true);
        },
      ),
    );
  });
});
