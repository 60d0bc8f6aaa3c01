import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ApiKey } from '../../domain/user/api-key.ts';
import { type MakeStore, outcomes, refusal, walkPages, withStore } from './fixture.contract.ts';
import { anyApiKey, anyRole } from './identity-arbitraries.contract.ts';
import { numberedId, sampleApiKey, sampleRole, sampleUser } from './samples.contract.ts';

/** What is asked of the table of roles. */
export function roleTableContract(make: MakeStore): void {
  describe('roles', () => {
    it(
      'are read as they were written',
      withStore(make, async ({ roles }) => {
        let number = 0;
        await fc.assert(
          fc.asyncProperty(anyRole, anyRole, async (any, other) => {
            number += 1;
            const name = `role-${number}`;
            await roles.insert({ ...any, name, revision: 1 });
            expect(await roles.get(name)).toEqual({ ...any, name, revision: 1 });
            await roles.update({ ...other, name, revision: 2 });
            expect(await roles.get(name)).toEqual({ ...other, name, revision: 2 });
          }),
          { numRuns: 40 },
        );
        expect(await roles.get('other')).toBeNull();
      }),
    );

    it(
      'have names of their own, by which they are listed, and are removed once',
      withStore(make, async ({ roles }) => {
        for (const name of ['c', 'a', 'b']) await roles.insert(sampleRole(name));

        await expect(roles.insert(sampleRole('a'))).rejects.toEqual(
          refusal('already_exists', 'role.name_taken', { field: 'name', name: 'a' }),
        );

        expect(await roles.list({ limit: 2, after: null })).toEqual([sampleRole('a'), sampleRole('b')]);
        expect(await roles.list({ limit: 2, after: 'b' })).toEqual([sampleRole('c')]);
        expect(await roles.delete('a')).toBe(true);
        expect(await roles.delete('a')).toBe(false);
        expect(await roles.get('a')).toBeNull();
      }),
    );

    it(
      'are changed by one of those who read the same revision',
      withStore(make, async ({ roles }) => {
        await roles.insert(sampleRole('a'));

        const { kept, refusals } = await outcomes([
          roles.update(sampleRole('a', { description: '1', revision: 2 })),
          roles.update(sampleRole('a', { description: '2', revision: 2 })),
        ]);

        expect(kept).toBe(1);
        expect(refusals).toEqual([refusal('conflict', 'store.revision')]);
      }),
    );
  });
}

/** What is asked of the table of API keys. */
export function apiKeyTableContract(make: MakeStore): void {
  describe('API keys', () => {
    it(
      'are read as they were written',
      withStore(make, async ({ users, apiKeys }) => {
        await users.insert(sampleUser(1));
        let number = 0;
        await fc.assert(
          fc.asyncProperty(anyApiKey, anyApiKey, async (any, other) => {
            number += 1;
            const fixed = { id: numberedId('key', number), owner: 'user-1', prefix: `prefix-${number}` };
            const key: ApiKey = { ...any, ...fixed };
            await apiKeys.insert(key);
            expect(await apiKeys.get(key.id)).toEqual(key);
            expect(await apiKeys.getByPrefix(key.prefix)).toEqual(key);
            await apiKeys.markUsed(key.id, 12);
            const renamed = { ...key, name: other.name, labels: other.labels, lastUsedAt: 12 };
            expect(await apiKeys.update(renamed)).toBe(true);
            expect(await apiKeys.get(key.id)).toEqual(renamed);
          }),
          { numRuns: 40 },
        );
        expect(await apiKeys.countOf('user-1')).toBe(number);
        expect(await apiKeys.get(numberedId('key', 999))).toBeNull();
        expect(await apiKeys.getByPrefix('other')).toBeNull();
        await apiKeys.markUsed(numberedId('key', 999), 12);
        expect(await apiKeys.update(sampleApiKey(999))).toBe(false);
      }),
    );

    it(
      'have prefixes of their own, and an owner that is there',
      withStore(make, async ({ users, apiKeys }) => {
        await users.insert(sampleUser(1));
        await apiKeys.insert(sampleApiKey(1));
        const constraint = refusal('conflict', 'store.constraint');

        await expect(apiKeys.insert(sampleApiKey(2, { prefix: sampleApiKey(1).prefix }))).rejects.toEqual(constraint);
        await expect(apiKeys.insert(sampleApiKey(3, { owner: 'user-2' }))).rejects.toEqual(constraint);
      }),
    );

    it(
      'are listed in the order they were made, of all or one owner, and are removed one by one or all of one',
      withStore(make, async ({ users, apiKeys }) => {
        for (const number of [1, 2]) await users.insert(sampleUser(number));
        for (const number of [3, 1, 4, 2])
          await apiKeys.insert(sampleApiKey(number, { owner: number % 2 === 0 ? 'user-2' : 'user-1' }));
        const idsOf = async (of: { readonly owner?: string }) =>
          (await walkPages<ApiKey>((after) => apiKeys.list({ limit: 1, after, ...of }))).map(({ id }) => id);

        expect(await idsOf({})).toEqual([1, 2, 3, 4].map((number) => numberedId('key', number)));
        expect(await idsOf({ owner: 'user-2' })).toEqual([2, 4].map((number) => numberedId('key', number)));
        expect(await apiKeys.delete(numberedId('key', 1))).toBe(true);
        expect(await apiKeys.delete(numberedId('key', 1))).toBe(false);
        expect(await apiKeys.deleteOf('user-2')).toBe(2);
        expect(await idsOf({})).toEqual([numberedId('key', 3)]);
      }),
    );
  });
}
