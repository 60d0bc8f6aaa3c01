import fc from 'fast-check';
import { expect, test } from 'vitest';
import { allotSpares } from './allot-spares.ts';

test('the most wanted come first, and what is left goes to the next that fits', () => {
  const expected = [
    { kind: 'large', count: 4, memoryMib: 400 },
    { kind: 'medium', count: 1, memoryMib: 300 },
    { kind: 'small', count: 9, memoryMib: 100 },
  ];
  expect([...allotSpares(expected, { memoryMib: 1_000, count: 8 }).entries()]).toEqual([
    ['large', 2],
    ['medium', 0],
    ['small', 2],
  ]);
  expect([...allotSpares(expected, { memoryMib: 0, count: 8 }).values()]).toEqual([0, 0, 0]);
});

test('the limits hold, and nobody gets more than is expected', () => {
  const kinds = fc.array(fc.record({ count: fc.nat(50), memoryMib: fc.integer({ min: 1, max: 4_096 }) }));
  fc.assert(
    fc.property(kinds, fc.nat(20_000), fc.nat(20), (wanted, memoryMib, count) => {
      const expected = wanted.map((each, at) => ({ ...each, kind: String(at) }));
      const allotted = allotSpares(expected, { memoryMib, count });
      const of = (kind: string): number => allotted.get(kind) ?? 0;
      expect(expected.reduce((sum, each) => sum + of(each.kind) * each.memoryMib, 0)).toBeLessThanOrEqual(memoryMib);
      expect(expected.reduce((sum, each) => sum + of(each.kind), 0)).toBeLessThanOrEqual(count);
      for (const each of expected) expect(of(each.kind)).toBeLessThanOrEqual(each.count);
    }),
  );
});
