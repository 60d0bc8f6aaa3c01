import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { VmRevision } from '../../domain/vm/revision.ts';
import { configOf, settingsOf } from '../../domain/vm/settings.ts';
import { diffOf } from '../../domain/vm/spec-diff.ts';
import { anyVm } from './arbitraries.contract.ts';
import { type MakeStore, refusal, withStore } from './fixture.contract.ts';
import { numberedId, sampleVm } from './samples.contract.ts';

const changed = (number: number, change: Partial<VmRevision> = {}): VmRevision => ({
  vmId: numberedId('vm', 1),
  number,
  at: 1_000 + number,
  author: 'admin',
  requestId: 'req_1',
  cause: { kind: 'changed' },
  changes: { vcpus: { old: number, new: number + 1 } },
  settings: settingsOf(sampleVm(1)),
  ...change,
});

/** What is asked of the table of revisions. */
export function vmRevisionTableContract(make: MakeStore): void {
  describe('revisions of VMs', () => {
    it(
      'are read as they were written, with all settings, whatever has become of the VM',
      withStore(make, async ({ vmRevisions }) => {
        let number = 0;
        const fixed = { id: numberedId('vm', 1), name: 'any', revision: 1 };
        await fc.assert(
          fc.asyncProperty(anyVm(fixed), anyVm({ ...fixed, name: 'other' }), async (then, now) => {
            number += 1;
            const changes = diffOf(configOf(now), configOf(then));
            const revision = changed(number, {
              ...{ changes, settings: settingsOf(then), requestId: null },
              cause: { kind: 'rolled-back', to: number },
            });
            await vmRevisions.insert(revision, then);
            expect(await vmRevisions.get(now, number)).toEqual(revision);
          }),
          { numRuns: 40 },
        );
        expect(await vmRevisions.latest(fixed.id)).toBe(number);
        expect(await vmRevisions.get(sampleVm(1), number + 1)).toBeNull();
      }),
    );

    it(
      'are listed newest first, page by page, those of one VM alone',
      withStore(make, async ({ vmRevisions }) => {
        const vm = sampleVm(1);
        for (const number of [1, 2, 3]) await vmRevisions.insert(changed(number), vm);
        await vmRevisions.insert(changed(1, { vmId: numberedId('vm', 2) }), sampleVm(2));
        const numbers = async (after: number | null): Promise<readonly number[]> =>
          (await vmRevisions.list({ vm, after, limit: 2 })).map(({ number }) => number);

        expect([await numbers(null), await numbers(2), await numbers(1)]).toEqual([[3, 2], [1], []]);
        expect([await vmRevisions.latest(vm.id), await vmRevisions.latest(numberedId('vm', 3))]).toEqual([3, 0]);
      }),
    );

    it(
      'have a number that no other of the VM has, and go from the oldest on, or all',
      withStore(make, async ({ vmRevisions }) => {
        const [vm, other] = [sampleVm(1), sampleVm(2)];
        for (const number of [1, 2, 3]) await vmRevisions.insert(changed(number), vm);
        await vmRevisions.insert(changed(1, { vmId: other.id }), other);

        await expect(vmRevisions.insert(changed(3), vm)).rejects.toEqual(refusal('conflict', 'store.constraint'));
        await vmRevisions.delete(vm.id, 2);
        expect((await vmRevisions.list({ vm, after: null, limit: 9 })).map(({ number }) => number)).toEqual([3]);
        await vmRevisions.delete(vm.id);
        expect(await vmRevisions.list({ vm, after: null, limit: 9 })).toEqual([]);
        expect(await vmRevisions.latest(other.id)).toBe(1);
      }),
    );
  });
}
