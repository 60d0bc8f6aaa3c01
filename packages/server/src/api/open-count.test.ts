import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createOpenCount, type Entry } from './open-count.ts';

it('lets in as many as there may be, of all and of each, and forgets whoever has left', () => {
  const names = fc.constantFrom('ann', 'bob', 'crowd');
  const steps = fc.array(fc.record({ who: names, isLeaving: fc.boolean(), at: fc.nat(9) }), { maxLength: 60 });
  fc.assert(
    fc.property(steps, (all) => {
      const count = createOpenCount({ total: 5, own: 2 });
      const open: { readonly who: string; readonly entry: Entry }[] = [];
      for (const { who, isLeaving, at } of all) {
        if (isLeaving) {
          const [gone] = open.splice(at, 1);
          // Whoever leaves twice has left once.
          gone?.entry.leave();
          gone?.entry.leave();
          continue;
        }
        const theirs = open.filter((one) => one.who === who).length;
        const entry = count.enter(who, { isCrowd: who === 'crowd' });
        const bound = open.length >= 5 ? 'total' : theirs >= 2 && who !== 'crowd' ? 'own' : null;
        expect(entry.isIn ? null : entry.bound).toBe(bound);
        if (entry.isIn) open.push({ who, entry });
      }
    }),
  );
});
