import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Snapshot } from '../../domain/snapshot/snapshot.ts';
import { anySnapshot } from './arbitraries.contract.ts';
import { type MakeStore, outcomes, refusal, walkPages, withStore } from './fixture.contract.ts';
import { numberedId, sampleSnapshot, sampleVm } from './samples.contract.ts';

const conflict = refusal('conflict', 'store.revision');
const taken = refusal('already_exists', 'snapshot.name_taken', { field: 'name' });

/** What is asked of the table of snapshots, and of the VMs that begin from one. */
export function snapshotTableContract(make: MakeStore): void {
  describe('snapshots', () => {
    it(
      'are read as they were written',
      withStore(make, async ({ snapshots }) => {
        let number = 0;
        await fc.assert(
          fc.asyncProperty(anySnapshot, anySnapshot, async (any, other) => {
            number += 1;
            const [id, name] = [numberedId('snap', number), `name-${number}`];
            const snapshot: Snapshot = { ...any, id, name, revision: 1 };
            await snapshots.insert(snapshot);
            expect(await snapshots.get(id)).toEqual(snapshot);
            expect(await snapshots.getByName(name)).toEqual(snapshot);
            const changed: Snapshot = { ...other, id, name: null, revision: 2 };
            await snapshots.update(changed);
            expect(await snapshots.get(id)).toEqual(changed);
          }),
          { numRuns: 60 },
        );
        expect(await snapshots.count()).toBe(number);
      }),
    );

    it(
      'have names of their own, or none',
      withStore(make, async ({ snapshots }) => {
        await snapshots.insert(sampleSnapshot(1, { name: 'one' }));
        await snapshots.insert(sampleSnapshot(2, { name: null }));
        await snapshots.insert(sampleSnapshot(3, { name: null }));

        await expect(snapshots.insert(sampleSnapshot(4, { name: 'one' }))).rejects.toEqual(taken);

        expect(await snapshots.getByName('two')).toBeNull();
        await snapshots.delete(numberedId('snap', 1), 1);
        await snapshots.insert(sampleSnapshot(4, { name: 'one' }));
      }),
    );

    it(
      'are changed and removed by one writer at a time',
      withStore(make, async ({ snapshots }) => {
        await snapshots.insert(sampleSnapshot(1));

        const { kept, refusals } = await outcomes([
          snapshots.update(sampleSnapshot(1, { description: 'a', revision: 2 })),
          snapshots.update(sampleSnapshot(1, { description: 'b', revision: 2 })),
        ]);

        expect({ kept, refusals }).toEqual({ kept: 1, refusals: [conflict] });
        await expect(snapshots.delete(numberedId('snap', 1), 1)).rejects.toEqual(conflict);
        await snapshots.delete(numberedId('snap', 1), 2);
        expect(await snapshots.get(numberedId('snap', 1))).toBeNull();
      }),
    );

    it(
      'are listed page by page, by source, state and purpose',
      withStore(make, async ({ snapshots }) => {
        const other = { id: numberedId('vm', 2), name: 'vm-2' };
        await snapshots.insert(sampleSnapshot(1));
        await snapshots.insert(sampleSnapshot(2, { source: other }));
        await snapshots.insert(sampleSnapshot(3, { state: 'creating' }));
        await snapshots.insert(sampleSnapshot(4, { isTemporary: true }));
        await snapshots.insert(sampleSnapshot(5, { state: 'deleting' }));
        await snapshots.insert(sampleSnapshot(6, { state: 'failed' }));
        const ids = (rows: readonly Snapshot[]): readonly number[] => rows.map(({ id }) => Number(id.slice(-1)));

        expect(ids(await walkPages((after) => snapshots.list({ limit: 2, after })))).toEqual([1, 2, 3, 4, 5, 6]);
        expect(ids(await snapshots.list({ limit: 9, after: null, sourceId: other.id }))).toEqual([2]);
        expect(ids(await snapshots.list({ limit: 9, after: null, state: 'creating' }))).toEqual([3]);
        expect(ids(await snapshots.list({ limit: 9, after: null, isTemporary: false }))).toEqual([1, 2, 3, 5, 6]);
        expect(ids(await snapshots.listUnsettled())).toEqual([3, 4, 5]);
      }),
    );

    it(
      'have VMs that are still to begin from them',
      withStore(make, async ({ vms }) => {
        const origin = { snapshotId: numberedId('snap', 1), incarnation: 1, disk: 'made' } as const;
        await vms.insert(sampleVm(1, { origin, incarnation: 0 }));
        await vms.insert(sampleVm(2, { origin, incarnation: 1 }));
        await vms.insert(sampleVm(3, { origin: { ...origin, incarnation: 5, disk: 'awaited' }, incarnation: 4 }));
        await vms.insert(sampleVm(4, { incarnation: 0 }));
        const idsFrom = async (snapshot: number, limit: number): Promise<readonly string[]> =>
          (await vms.listPendingFrom(numberedId('snap', snapshot), limit)).map(({ id }) => id);

        expect(await idsFrom(1, 9)).toEqual([numberedId('vm', 1), numberedId('vm', 3)]);
        expect(await idsFrom(1, 1)).toEqual([numberedId('vm', 1)]);
        expect(await idsFrom(2, 9)).toEqual([]);
      }),
    );
  });
}
