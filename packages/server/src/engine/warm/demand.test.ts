import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createDemand } from './demand.ts';

const HALF_LIFE_MS = 600_000;

test('what was asked for once is expected once more, for two half-lives', () => {
  const demand = createDemand({ halfLifeMs: HALF_LIFE_MS });
  demand.note('a', 0);
  expect(demand.expected(0)).toEqual([{ kind: 'a', count: 1 }]);
  expect(demand.expected(2 * HALF_LIFE_MS)).toEqual([{ kind: 'a', count: 1 }]);
  expect(demand.expected(2 * HALF_LIFE_MS + 1_000)).toEqual([]);
});

test('kinds that are asked for most come first', () => {
  const demand = createDemand({ halfLifeMs: HALF_LIFE_MS });
  for (const kind of ['a', 'b', 'b', 'b', 'c', 'c']) demand.note(kind, 1);
  expect(demand.expected(1)).toEqual([
    { kind: 'b', count: 3 },
    { kind: 'c', count: 2 },
    { kind: 'a', count: 1 },
  ]);
});

test('never more are expected than were asked for, and time alone never raises it', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(3_600_000), { minLength: 1, maxLength: 50 }), fc.nat(10_000_000), (gaps, laterMs) => {
      const demand = createDemand({ halfLifeMs: HALF_LIFE_MS });
      let nowMs = 0;
      for (const gap of gaps) {
        nowMs += gap;
        demand.note('a', nowMs);
      }
      const now = demand.expected(nowMs)[0]?.count ?? 0;
      const later = demand.expected(nowMs + laterMs)[0]?.count ?? 0;
      expect(now).toBeGreaterThanOrEqual(1);
      expect(now).toBeLessThanOrEqual(gaps.length);
      expect(later).toBeLessThanOrEqual(now);
    }),
  );
});
