import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Operation } from '../../domain/operation/operation.ts';
import type { Store } from '../store.ts';
import { type MakeStore, outcomes, refusal, walkPages, withStore } from './fixture.contract.ts';
import { anyOperation } from './operation-arbitraries.contract.ts';
import { numberedId, sampleOperation } from './samples.contract.ts';

const VM = numberedId('vm', 1);
const OTHER_VM = numberedId('vm', 2);
const active = refusal('conflict', 'operation.active');
const conflict = refusal('conflict', 'store.revision');

/** What is asked of the table of operations. */
export function operationTableContract(make: MakeStore): void {
  describe('operations', () => {
    it(
      'are read as they were written, whatever is in them',
      withStore(make, async ({ operations }) => {
        let number = 0;
        const anyPair = fc.tuple(
          anyOperation({ id: numberedId('op', 0), revision: 1 }),
          anyOperation({ id: numberedId('op', 0), revision: 2 }),
        );
        await fc.assert(
          fc.asyncProperty(anyPair, async ([first, second]) => {
            const id = numberedId('op', ++number);
            await operations.insert({ ...first, id });
            expect(await operations.get(id)).toEqual({ ...first, id });

            await operations.update({ ...second, id });
            expect(await operations.get(id)).toEqual({ ...second, id });
          }),
          { numRuns: 60 },
        );
      }),
    );

    it(
      'are one at a time on each VM until they are final',
      withStore(make, async ({ operations }) => {
        const first = sampleOperation(1, VM);
        await operations.insert(first);
        await operations.insert(sampleOperation(2, OTHER_VM));

        await expect(operations.insert(sampleOperation(3, VM))).rejects.toEqual(active);
        await operations.update({ ...first, state: 'running', revision: 2 });
        await expect(operations.insert(sampleOperation(3, VM))).rejects.toEqual(active);
        await operations.update({ ...first, state: 'failed', revision: 3 });
        await operations.insert(sampleOperation(3, VM));
        await operations.insert(sampleOperation(4, VM, { state: 'succeeded' }));

        expect((await operations.findActive(VM))?.id).toBe(numberedId('op', 3));
      }),
    );

    it(
      'on images do not exclude each other',
      withStore(make, async ({ operations }) => {
        const subject = { kind: 'image', name: 'base' } as const;
        await operations.insert(sampleOperation(1, VM, { kind: 'image.build', subject }));
        await operations.insert(sampleOperation(2, VM, { kind: 'image.build', subject }));

        expect(await operations.findActive(VM)).toBeNull();
        expect(await operations.listActive()).toHaveLength(2);
      }),
    );

    it(
      'that race for a VM: exactly one is kept, from one store or two',
      withStore(make, async (store, fixture) => {
        const other = await fixture.open();

        const attempts = Array.from({ length: 20 }, (_, i) =>
          (i % 2 === 0 ? store : other).operations.insert(sampleOperation(i, VM)),
        );
        const { kept, refusals } = await outcomes(attempts);

        expect(kept).toBe(1);
        expect(refusals).toEqual(refusals.map(() => active));
        expect(await store.operations.list({ limit: 100, after: null })).toHaveLength(1);
      }),
    );

    it(
      'are written only over the revision that was read',
      withStore(make, async ({ operations }) => {
        const operation = sampleOperation(1, VM);
        await operations.insert(operation);
        await operations.update({ ...operation, revision: 2 });

        await expect(operations.update({ ...operation, revision: 2 })).rejects.toEqual(conflict);
        await expect(operations.update(sampleOperation(9, VM, { revision: 2 }))).rejects.toEqual(conflict);
      }),
    );

    it(
      'have ids of their own',
      withStore(make, async ({ operations }) => {
        await operations.insert(sampleOperation(1, VM));

        await expect(operations.insert(sampleOperation(1, OTHER_VM))).rejects.toEqual(
          refusal('conflict', 'store.constraint'),
        );
      }),
    );

    it(
      'that are not final are listed oldest first',
      withStore(make, async ({ operations }) => {
        const states = ['running', 'pending', 'succeeded', 'failed', 'cancelled', 'pending'] as const;
        for (const [i, state] of [...states.entries()].reverse()) {
          await operations.insert(sampleOperation(i, numberedId('vm', i), { state }));
        }

        expect((await operations.listActive()).map(({ id }) => id)).toEqual([0, 1, 5].map((i) => numberedId('op', i)));
      }),
    );

    it(
      'are listed newest first, page by page, by VM, state and kind',
      withStore(make, async ({ operations }) => {
        const made = Array.from({ length: 40 }, (_, i) => {
          const kind = i % 5 === 0 ? 'vm.stop' : 'vm.start';
          if (i % 3 !== 0) return sampleOperation(i, numberedId('vm', 100 + i), { kind });
          return sampleOperation(i, VM, { kind, state: i % 2 === 0 ? 'succeeded' : 'failed' });
        });
        for (const operation of made) await operations.insert(operation);
        const filters = fc.record(
          {
            vmId: fc.constantFrom(VM, numberedId('vm', 101), OTHER_VM),
            state: fc.constantFrom('pending', 'failed', 'succeeded', 'cancelled'),
            kind: fc.constantFrom('vm.start', 'vm.stop', 'vm.pause'),
          },
          { requiredKeys: [] },
        );
        await fc.assert(
          fc.asyncProperty(filters, fc.integer({ min: 1, max: 50 }), async (filter, limit) => {
            const expected = made.filter((operation) => matches(operation, filter)).reverse();

            const seen = await walkPages<Operation>((after) => operations.list({ ...filter, limit, after }));

            expect(seen).toEqual(expected);
          }),
          { numRuns: 60 },
        );
      }),
    );

    it(
      'that are finished go by age, oldest first; those under way stay',
      withStore(make, async ({ operations }) => {
        const completed = (completedAt: number) => ({ state: 'failed', completedAt }) as const;
        for (const [number, at] of [200, 100, 300].entries())
          await operations.insert(sampleOperation(number, VM, completed(at)));
        await operations.insert(sampleOperation(3, VM));

        expect(await operations.deleteFinished({ completedBefore: 100, limit: 9 })).toBe(0);
        expect(await operations.deleteFinished({ completedBefore: 300, limit: 1 })).toBe(1);
        expect(await operations.get(numberedId('op', 1))).toBeNull();
        expect(await operations.deleteFinished({ completedBefore: 300, limit: 9 })).toBe(1);

        const left = await operations.list({ limit: 9, after: null });
        expect(left.map(({ id }) => id)).toEqual([3, 2].map((number) => numberedId('op', number)));
      }),
    );
  });
}

type Filter = Omit<Parameters<Store['operations']['list']>[0], 'limit' | 'after'>;

function matches({ subject, state, kind }: Operation, filter: Filter): boolean {
  return (
    (filter.vmId === undefined || (subject.kind === 'vm' && subject.id === filter.vmId)) &&
    (filter.state === undefined || state === filter.state) &&
    (filter.kind === undefined || kind === filter.kind)
  );
}
