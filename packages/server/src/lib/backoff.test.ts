import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fullJitterMs } from './backoff.ts';

describe('the back-off', () => {
  it.each([
    [1, 100],
    [2, 200],
    [3, 400],
    [10, 5000],
    [2000, 5000],
  ])('of try %i is at most %i ms', (attempt, bound) => {
    expect(fullJitterMs(attempt, { firstMs: 100, capMs: 5000 }, () => 1)).toBe(bound);
  });

  it('is anywhere from nothing to its bound', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e6 }), fc.double({ min: 0, max: 1, noNaN: true }), (attempt, random) => {
        const delayMs = fullJitterMs(attempt, { firstMs: 100, capMs: 5000 }, () => random);
        expect(Number.isInteger(delayMs)).toBe(true);
        expect(delayMs).toBeGreaterThanOrEqual(0);
        expect(delayMs).toBeLessThanOrEqual(5000);
      }),
    );
  });
});
