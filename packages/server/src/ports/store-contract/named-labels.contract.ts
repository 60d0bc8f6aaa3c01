import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { texts } from './arbitraries.contract.ts';
import { type MakeStore, withStore } from './fixture.contract.ts';

/** What is asked of the table of labels of what is named. */
export function namedLabelTableContract(make: MakeStore): void {
  describe('labels of what is named', () => {
    it(
      'are read as they were written last, of one kind and name; none are as none that were ever there',
      withStore(make, async ({ namedLabels }) => {
        await namedLabels.put('tool', 'web', { kept: 'yes' });
        await fc.assert(
          fc.asyncProperty(texts, async (labels) => {
            await namedLabels.put('image', 'web', labels);
            const all = await namedLabels.list('image');
            expect(all).toEqual(new Map(Object.keys(labels).length === 0 ? [] : [['web', labels]]));
          }),
          { numRuns: 40 },
        );
        expect(await namedLabels.list('tool')).toEqual(new Map([['web', { kept: 'yes' }]]));
        await namedLabels.put('tool', 'nobody', {});
        expect([...(await namedLabels.list('tool')).keys()]).toEqual(['web']);
      }),
    );
  });
}
