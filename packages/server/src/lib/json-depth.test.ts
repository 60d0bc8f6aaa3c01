import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isDeeperThan } from './json-depth.ts';

function depthOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map(depthOf));
}

describe('the depth of a JSON text', () => {
  it('is that of its value, whatever stands in its strings', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 8 }), fc.string(), (value, noise) => {
        const whole = [value, `${noise}"[{\\`, { [`${noise}\\"{`]: '\\\\"[[' }];
        const depth = depthOf(whole);

        expect(isDeeperThan(JSON.stringify(whole), depth)).toBe(false);
        expect(isDeeperThan(JSON.stringify(whole), depth - 1)).toBe(true);
      }),
    );
  });

  it('is found at once in a bomb, and in what is not JSON', () => {
    expect(isDeeperThan('['.repeat(1_000_000), 32)).toBe(true);
    expect(isDeeperThan('"never ends [[[[', 0)).toBe(false);
    expect(isDeeperThan(`"${'\\'.repeat(1_000_001)}`, 0)).toBe(false);
  });
});
