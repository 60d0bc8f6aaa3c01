import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Json, JsonObject } from '../json.ts';
import { applyChanges, diffOf, isSameJson } from './spec-diff.ts';

const name = fc.oneof(fc.constantFrom('a', 'b', 'a.b', 'a\\', '\\.', '.', '', '__proto__'), fc.string());
const { document } = fc.letrec<{ readonly value: Json; readonly document: JsonObject }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom(null, true, 0, 1, 'x', ''),
    fc.array(tie('value'), { maxLength: 2 }),
    tie('document'),
  ),
  document: fc
    .array(fc.tuple(name, tie('value')), { maxLength: 4 })
    .map((entries): JsonObject => Object.fromEntries(entries)),
}));

describe('changes', () => {
  it('make of the one document the other, whatever both are', () => {
    fc.assert(
      fc.property(document, document, (before, after) => {
        expect(isSameJson(applyChanges(before, diffOf(before, after)), after)).toBe(true);
      }),
      { numRuns: 1_000 },
    );
  });

  it('are none between equals, in whatever order their names are', () => {
    fc.assert(
      fc.property(document, (one) => {
        expect(diffOf(one, Object.fromEntries(Object.entries(one).reverse()))).toEqual({});
      }),
    );
  });

  it('are named by their paths, with what was and what is', () => {
    const before = { vcpus: 2, network: { mode: 'user', egress: 'deny' }, labels: { 'app.io/tier': 'web' }, tags: [1] };
    const after = { vcpus: 4, network: { mode: 'none', egress: 'deny' }, labels: { team: 'blue' }, tags: [1, 2] };

    expect(diffOf(before, after)).toEqual({
      vcpus: { old: 2, new: 4 },
      'network.mode': { old: 'user', new: 'none' },
      'labels.app\\.io/tier': { old: 'web' },
      'labels.team': { new: 'blue' },
      tags: { old: [1], new: [1, 2] },
    });
  });
});
