import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Vm } from '../../domain/vm/vm.ts';
import type { Store } from '../store.ts';
import { anyVm } from './arbitraries.contract.ts';
import { type MakeStore, outcomes, refusal, walkPages, withStore } from './fixture.contract.ts';
import { numberedId, sampleVm } from './samples.contract.ts';

const conflict = refusal('conflict', 'store.revision');

/** What is asked of the table of VMs. */
export function vmTableContract(make: MakeStore): void {
  describe('VMs', () => {
    it(
      'are read as they were written, whatever is in them',
      withStore(make, async (store) => {
        let number = 0;
        const pair = fc.constant(null).chain(() => {
          const [id, name] = [numberedId('vm', ++number), `vm-${number}`];
          return fc.tuple(anyVm({ id, name, revision: 1 }), anyVm({ id, name, revision: 2 }));
        });
        await fc.assert(
          fc.asyncProperty(pair, async ([first, second]) => {
            const vm = { ...first, id: numberedId('vm', ++number), name: `vm-${number}` };
            await store.vms.insert(vm);
            expect(await store.vms.get(vm.id)).toEqual(vm);

            const changed = { ...second, id: vm.id, name: `${vm.name}-b` };
            await store.vms.update(changed);
            expect(await store.vms.getByName(changed.name)).toEqual(changed);
          }),
          { numRuns: 60 },
        );
      }),
    );

    it(
      'that are not there are null',
      withStore(make, async ({ vms }) => {
        expect(await vms.get(numberedId('vm', 1))).toBeNull();
        expect(await vms.getByName('nobody')).toBeNull();
        expect(await vms.list({ limit: 10, after: null })).toEqual([]);
      }),
    );

    it(
      'have names of their own',
      withStore(make, async ({ vms }) => {
        const taken = refusal('already_exists', 'vm.name_taken', { field: 'name' });
        await vms.insert(sampleVm(1, { name: 'web' }));
        await vms.insert(sampleVm(2, { name: 'db' }));

        await expect(vms.insert(sampleVm(3, { name: 'web' }))).rejects.toEqual(taken);
        await expect(vms.update(sampleVm(2, { name: 'web', revision: 2 }))).rejects.toEqual(taken);
        expect(await vms.get(numberedId('vm', 3))).toBeNull();

        await vms.delete(numberedId('vm', 1), 1);
        await vms.insert(sampleVm(3, { name: 'web' }));
      }),
    );

    it(
      'are written only over the revision that was read',
      withStore(make, async ({ vms }) => {
        const vm = sampleVm(1);
        await vms.insert(vm);
        await vms.update({ ...vm, revision: 2 });

        await expect(vms.update({ ...vm, revision: 2, owner: 'late' })).rejects.toEqual(conflict);
        await expect(vms.update({ ...vm, revision: 4 })).rejects.toEqual(conflict);
        await expect(vms.update(sampleVm(2, { revision: 2 }))).rejects.toEqual(conflict);
        await expect(vms.delete(vm.id, 1)).rejects.toEqual(conflict);
        expect(await vms.get(vm.id)).toEqual({ ...vm, revision: 2 });

        await vms.delete(vm.id, 2);
        await expect(vms.delete(vm.id, 2)).rejects.toEqual(conflict);
        expect(await vms.get(vm.id)).toBeNull();
      }),
    );

    it(
      'are changed by one of many that race, from one store or two',
      withStore(make, async (store, fixture) => {
        const other = await fixture.open();
        await store.vms.insert(sampleVm(1));

        const attempts = Array.from({ length: 20 }, (_, i) =>
          (i % 2 === 0 ? store : other).vms.update(sampleVm(1, { revision: 2, owner: `writer-${i}` })),
        );
        const { kept, refusals } = await outcomes(attempts);

        expect(kept).toBe(1);
        expect(refusals).toEqual(refusals.map(() => conflict));
      }),
    );

    it(
      'are listed in the order they were made, page by page, also when rows come and go between pages',
      withStore(make, async (store) => {
        let base = 0;
        const numbers = fc.uniqueArray(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 25 });
        await fc.assert(
          fc.asyncProperty(numbers, fc.integer({ min: 1, max: 9 }), fc.boolean(), async (made, limit, isChanging) => {
            base += 1000;
            for (const number of made) await store.vms.insert(sampleVm(base + number));
            const expected = made.map((number) => numberedId('vm', base + number)).toSorted();

            const seen = await walkPages<Vm>(
              (after) => store.vms.list({ limit, after: after ?? numberedId('vm', base) }),
              async (last) => {
                if (isChanging) await store.vms.delete(last.id, last.revision);
              },
            );

            expect(seen.map(({ id }) => id)).toEqual(expected);
          }),
          { numRuns: 30 },
        );
      }),
    );

    it(
      'are found by phases and by name',
      withStore(make, async ({ vms }) => {
        const since = 1;
        await vms.insert(sampleVm(1, { status: { phase: 'running', since } }));
        await vms.insert(sampleVm(2, { status: { phase: 'stopped', since } }));
        await vms.insert(sampleVm(3, { status: { phase: 'paused', since } }));
        await vms.insert(sampleVm(4, { status: { phase: 'running', since } }));
        const names = async (filter: Partial<Parameters<Store['vms']['list']>[0]>): Promise<readonly string[]> =>
          (await vms.list({ limit: 10, after: null, ...filter })).map(({ name }) => name);

        expect(await names({ phases: ['running'] })).toEqual(['vm-1', 'vm-4']);
        expect(await names({ phases: ['stopped', 'paused', 'failed'] })).toEqual(['vm-2', 'vm-3']);
        expect(await names({ phases: ['running'], after: numberedId('vm', 1) })).toEqual(['vm-4']);
        expect(await names({ phases: [] })).toEqual([]);
        const some = [numberedId('vm', 3), numberedId('vm', 9), numberedId('vm', 1)];
        expect(await names({ ids: some })).toEqual(['vm-1', 'vm-3']);
        expect(await names({ ids: some, phases: ['running'] })).toEqual(['vm-1']);
        expect(await names({ ids: [] })).toEqual([]);
        expect(await names({ name: 'vm-3' })).toEqual(['vm-3']);
        expect(await names({ name: 'vm-3', phases: ['running'] })).toEqual([]);
        expect(await names({ isAutoSuspended: true })).toEqual([]);
      }),
    );

    it(
      'are summed up for admission: all disks, and the memory of those wanted running or paused',
      withStore(make, async ({ vms }) => {
        expect(await vms.promised()).toEqual({ vmCount: 0, poweredCount: 0, memoryMib: 0, diskGib: 0 });

        for (const [index, power] of (['running', 'paused', 'stopped', 'absent'] as const).entries()) {
          const { spec, desired, ...rest } = sampleVm(index);
          const memoryMib = 10 ** index;
          await vms.insert({ ...rest, spec: { ...spec, memoryMib, diskGib: 2 }, desired: { ...desired, power } });
        }

        expect(await vms.promised()).toEqual({ vmCount: 4, poweredCount: 2, memoryMib: 11, diskGib: 8 });
      }),
    );

    it(
      'count for admission while they are deleted and their guests are given time for it',
      withStore(make, async ({ vms }) => {
        const { spec, ...rest } = sampleVm(1);
        const desired = { ...rest.desired, power: 'absent', graceMs: 1 } as const;
        await vms.insert({ ...rest, desired, spec: { ...spec, memoryMib: 3, diskGib: 2 } });

        expect(await vms.promised()).toEqual({ vmCount: 1, poweredCount: 1, memoryMib: 3, diskGib: 2 });
      }),
    );

    it(
      'are listed by what suspends them, and all by their ids, or those of a driver',
      withStore(make, async ({ vms }) => {
        const { spec } = sampleVm(2);
        await vms.insert(sampleVm(1, { driver: 'docker' }));
        await vms.insert(sampleVm(2, { spec: { ...spec, autoSuspend: { idleSeconds: 60, cpuBelowPercent: 5 } } }));
        await vms.insert(sampleVm(3));

        const idle = await vms.list({ limit: 10, after: null, isAutoSuspended: true });
        expect(idle.map(({ name }) => name)).toEqual(['vm-2']);
        expect(await vms.listIds()).toEqual([1, 2, 3].map((number) => numberedId('vm', number)));
        expect(await vms.listIds('docker')).toEqual([numberedId('vm', 1)]);
      }),
    );

    it(
      'are listed by when they are deleted by themselves',
      withStore(make, async ({ vms }) => {
        await vms.insert(sampleVm(1, { expiry: { at: 300, toldAt: null } }));
        await vms.insert(sampleVm(2));
        await vms.insert(sampleVm(3, { expiry: { at: 200, toldAt: 100 } }));

        expect((await vms.listExpiries()).map(({ name, expiry }) => [name, expiry])).toEqual([
          ['vm-3', { at: 200, toldAt: 100 }],
          ['vm-1', { at: 300, toldAt: null }],
        ]);
      }),
    );

    it(
      'tell by a count that something has changed, or tell nothing at all',
      withStore(make, async (store) => {
        const { vms } = store;
        const counts = [vms.changeCount()];
        const note = (): void => void counts.push(vms.changeCount());

        await vms.insert(sampleVm(1));
        note();
        await store.transaction(async (tables) => {
          await tables.vms.update(sampleVm(1, { revision: 2 }));
          expect(tables.vms.changeCount()).toBeNull();
        });
        note();
        await vms.delete(numberedId('vm', 1), 2);
        note();
        const quiet = vms.changeCount();
        await vms.list({ limit: 10, after: null });
        await store.events.append([]);

        expect(vms.changeCount()).toBe(quiet);
        const grows = counts.every((count, i) => count !== null && (i === 0 || count > (counts[i - 1] ?? count)));
        const isSilent = counts.every((count) => count === null);
        expect(grows || isSilent).toBe(true);
      }),
    );
  });
}
