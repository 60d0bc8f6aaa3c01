import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SigningKey } from '../../domain/session/signing-key.ts';
import { planKeys } from './plan-keys.ts';

const POLICY = { rotateAfterMs: 1_000, announceMs: 10 };
const LONGEST = 500;

function key(createdAt: number, signsFrom = createdAt): SigningKey {
  return { keyId: `made at ${createdAt}`, jwk: {}, sealedPrivateKey: '', createdAt, signsFrom };
}
const at = (now: number) => ({ now, lastSignedBefore: now - LONGEST });
const idsOf = (keys: readonly SigningKey[]) => keys.map(({ keyId }) => keyId);

describe('the plan for keys of tokens', () => {
  it('wants one that signs at once where there is none', () => {
    expect(planKeys([], POLICY, at(7))).toEqual({ signing: [], verifying: [], obsolete: [], nextSignsFrom: 7 });
  });

  it('leaves a young one alone', () => {
    expect(planKeys([key(0)], POLICY, at(999))).toMatchObject({ nextSignsFrom: null });
  });

  it('announces the next one before it signs', () => {
    expect(planKeys([key(0)], POLICY, at(1_000)).nextSignsFrom).toBe(1_010);
    const two = [key(0), key(1_000, 1_010)];

    expect(idsOf(planKeys(two, POLICY, at(1_009)).signing)).toEqual(['made at 0']);
    expect(idsOf(planKeys(two, POLICY, at(1_009)).verifying)).toEqual(['made at 0', 'made at 1000']);
    expect(idsOf(planKeys(two, POLICY, at(1_010)).signing)[0]).toBe('made at 1000');
  });

  it('keeps the old one for as long as anything by it can be valid', () => {
    const two = [key(0), key(1_000, 1_010)];

    expect(planKeys(two, POLICY, at(1_010 + LONGEST - 1)).obsolete).toEqual([]);
    expect(idsOf(planKeys(two, POLICY, at(1_010 + LONGEST)).obsolete)).toEqual(['made at 0']);
  });

  it('signs by what there is when the clock was set back', () => {
    expect(idsOf(planKeys([key(100), key(1_100, 1_110)], POLICY, at(5)).signing)[0]).toBe('made at 100');
  });

  it('lets every token be verified as long as it lasts, whenever it is looked at', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 3_000 }), { minLength: 1, maxLength: 60 }), (pauses) => {
        let keys: readonly SigningKey[] = [];
        let signed: readonly { readonly by: string; readonly at: number }[] = [];
        let now = 0;
        for (const pause of pauses) {
          now += pause;
          const { nextSignsFrom } = planKeys(keys, POLICY, at(now));
          if (nextSignsFrom !== null) keys = [...keys, key(now, nextSignsFrom)];
          const plan = planKeys(keys, POLICY, at(now));
          keys = keys.filter((each) => !plan.obsolete.includes(each));
          const valid = signed.filter((token) => token.at + LONGEST > now);
          for (const token of valid) expect(idsOf(plan.verifying)).toContain(token.by);
          expect(plan.verifying.length).toBeLessThanOrEqual(3);
          signed = [...valid, { by: plan.signing[0]?.keyId ?? 'none', at: now }];
        }
      }),
    );
  });
});
