import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Secret } from '../../domain/secret/secret.ts';
import { anySecret } from './arbitraries.contract.ts';
import { type MakeStore, outcomes, refusal, walkPages, withStore } from './fixture.contract.ts';
import { numberedId, sampleSecret, sampleVm } from './samples.contract.ts';

/** What is asked of the table of secrets. */
export function secretTableContract(make: MakeStore): void {
  describe('secrets', () => {
    it(
      'are read as they were written, but for when they were used, which is written by itself',
      withStore(make, async ({ secrets }) => {
        let number = 0;
        await fc.assert(
          fc.asyncProperty(anySecret, anySecret, async (any, change) => {
            number += 1;
            const fixed = { id: numberedId('sec', number), owner: `owner ${number}` };
            const secret = { ...any, ...fixed, revision: 1 };
            await secrets.insert(secret);
            expect(await secrets.get(secret.id)).toEqual(secret);
            expect(await secrets.getByName(secret.owner, secret.name)).toEqual(secret);
            const changed = { ...change, ...fixed, revision: 2 };
            await secrets.update(changed);
            expect(await secrets.get(secret.id)).toEqual({ ...changed, lastUsedAt: secret.lastUsedAt });
          }),
          { numRuns: 40 },
        );
        expect(await secrets.get(numberedId('sec', 999))).toBeNull();
      }),
    );

    it(
      'have a name that no other of the same owner has',
      withStore(make, async ({ secrets }) => {
        await secrets.insert(sampleSecret(1, { name: 'TOKEN', owner: 'ann' }));
        await secrets.insert(sampleSecret(2, { name: 'TOKEN', owner: 'bob' }));

        const second = secrets.insert(sampleSecret(3, { name: 'TOKEN', owner: 'ann' }));

        await expect(second).rejects.toEqual(refusal('already_exists', 'secret.name_taken'));
        expect((await secrets.getByName('bob', 'TOKEN'))?.id).toBe(numberedId('sec', 2));
        expect(await secrets.getByName('carl', 'TOKEN')).toBeNull();
      }),
    );

    it(
      'are listed in the order they were made, page by page, of all or of one owner, and counted',
      withStore(make, async ({ secrets }) => {
        for (const number of [4, 1, 3, 2])
          await secrets.insert(sampleSecret(number, { owner: number % 2 === 0 ? 'ann' : 'bob' }));
        const idsOf = async (of: { readonly owner?: string }): Promise<readonly string[]> =>
          (await walkPages<Secret>((after) => secrets.list({ limit: 1, after, ...of }))).map(({ id }) => id);

        expect(await idsOf({})).toEqual([1, 2, 3, 4].map((number) => numberedId('sec', number)));
        expect(await idsOf({ owner: 'ann' })).toEqual([2, 4].map((number) => numberedId('sec', number)));
        expect(await idsOf({ owner: 'carl' })).toEqual([]);
        expect([await secrets.count('ann'), await secrets.count('carl')]).toEqual([2, 0]);
      }),
    );

    it(
      'are changed and removed by one of those who read the same revision',
      withStore(make, async (store, fixture) => {
        const other = await fixture.open();
        await store.secrets.insert(sampleSecret(1));

        const { kept, refusals } = await outcomes(
          [store, other].map((each, i) => each.secrets.update(sampleSecret(1, { sealed: `${i}`, revision: 2 }))),
        );

        expect(kept).toBe(1);
        expect(refusals).toEqual([refusal('conflict', 'store.revision')]);
        const { id } = sampleSecret(1);
        await expect(store.secrets.delete(id, 1)).rejects.toEqual(refusal('conflict', 'store.revision'));
        await store.secrets.delete(id, 2);
        expect(await store.secrets.get(id)).toBeNull();
      }),
    );

    it(
      'tell when they were used last, whatever is changed of them meanwhile',
      withStore(make, async ({ secrets }) => {
        for (const number of [1, 2, 3]) await secrets.insert(sampleSecret(number));
        const used = [1, 2].map((number) => numberedId('sec', number));

        await secrets.noteUsed(used, 50);
        await secrets.noteUsed(used.slice(0, 1), 40);
        await secrets.update(sampleSecret(2, { revision: 2 }));

        const rows = await secrets.list({ limit: 9, after: null });
        expect(rows.map(({ lastUsedAt }) => lastUsedAt)).toEqual([50, 50, null]);
        expect(rows.map(({ revision }) => revision)).toEqual([1, 2, 1]);
      }),
    );

    it(
      'are found by the key that has sealed them, or has not',
      withStore(make, async ({ secrets }) => {
        await secrets.insert(sampleSecret(1, { sealed: 'v1.old.x' }));
        await secrets.insert(sampleSecret(2, { sealed: 'v1.new.x' }));
        await secrets.insert(sampleSecret(3, { sealed: 'v1.old.y' }));
        const ids = (rows: readonly Secret[]) => rows.map(({ id }) => id);
        const [one, two, three] = [1, 2, 3].map((number) => numberedId('sec', number));

        expect(ids(await secrets.listSealedBy('v1.old.', 9))).toEqual([one, three]);
        expect(ids(await secrets.listSealedBy('v1.old.', 1))).toEqual([one]);
        expect(ids(await secrets.listSealedBy('v1.none.', 9))).toEqual([]);
        expect(ids(await secrets.listNotSealedBy('v1.old.', 9))).toEqual([two]);
        expect(ids(await secrets.listNotSealedBy('v1.new.', 1))).toEqual([one]);
      }),
    );

    it(
      'know the VMs that are given them',
      withStore(make, async ({ vms }) => {
        const grant = { name: 'TOKEN', env: 'TOKEN', file: { path: '/run/secrets/token', mode: 0o400 } };
        const given = (...numbers: readonly number[]) => ({
          secrets: numbers.map((number) => ({ ...grant, secretId: numberedId('sec', number) })),
        });
        await vms.insert(sampleVm(1, given(1, 2)));
        await vms.insert(sampleVm(2));
        await vms.insert(sampleVm(3, given(2)));
        const found = async (number: number, limit = 9) =>
          (await vms.listGiven(numberedId('sec', number), limit)).map(({ name }) => name);

        expect(await found(1)).toEqual(['vm-1']);
        expect(await found(2)).toEqual(['vm-1', 'vm-3']);
        expect(await found(2, 1)).toEqual(['vm-1']);
        expect(await found(3)).toEqual([]);
      }),
    );
  });
}
