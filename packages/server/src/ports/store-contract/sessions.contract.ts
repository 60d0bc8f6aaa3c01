import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Session } from '../../domain/session/session.ts';
import { type MakeStore, outcomes, refusal, walkPages, withStore } from './fixture.contract.ts';
import { anySession, anySigningKey } from './identity-arbitraries.contract.ts';
import { numberedId, sampleSession, sampleUser } from './samples.contract.ts';

const USER = numberedId('usr', 1);
const OTHER = numberedId('usr', 2);
const END = { at: 9, because: 'revoked' } as const;

/** What is asked of the table of sessions. */
export function sessionTableContract(make: MakeStore): void {
  describe('sessions', () => {
    it(
      'are read as they were written',
      withStore(make, async ({ users, sessions }) => {
        await users.insert(sampleUser(1));
        let number = 0;
        await fc.assert(
          fc.asyncProperty(anySession, anySession, async (any, other) => {
            number += 1;
            const fixed = { id: numberedId('sess', number), userId: USER };
            await sessions.insert({ ...any, ...fixed, revision: 1 });
            expect(await sessions.get(fixed.id)).toEqual({ ...any, ...fixed, revision: 1 });
            await sessions.update({ ...other, ...fixed, revision: 2 });
            expect(await sessions.get(fixed.id)).toEqual({ ...other, ...fixed, revision: 2 });
          }),
          { numRuns: 40 },
        );
        expect(await sessions.get(numberedId('sess', 999))).toBeNull();
        const foreign = sampleSession(999, { userId: OTHER });
        await expect(sessions.insert(foreign)).rejects.toEqual(refusal('conflict', 'store.constraint'));
      }),
    );

    it(
      'are changed by one of those who read the same revision',
      withStore(make, async (store, fixture) => {
        const other = await fixture.open();
        await store.users.insert(sampleUser(1));
        await store.sessions.insert(sampleSession(1));

        const { kept, refusals } = await outcomes(
          [store, other].map((each) => each.sessions.update(sampleSession(1, { generation: 1, revision: 2 }))),
        );

        expect(kept).toBe(1);
        expect(refusals).toEqual([refusal('conflict', 'store.revision')]);
      }),
    );

    it(
      'are listed while they last, page by page, of all or of one owner',
      withStore(make, async ({ users, sessions }) => {
        await users.insert(sampleUser(1));
        for (const number of [2, 1, 3]) await sessions.insert(sampleSession(number));
        await sessions.insert(sampleSession(4, { owner: 'ann' }));
        await sessions.insert(sampleSession(5, { end: END }));
        await sessions.insert(sampleSession(6, { expiresAt: 50 }));
        await sessions.insert(sampleSession(7, { lastUsedAt: 40 }));
        const { createdAt } = sampleSession(1);
        const numbersOf = async (of: { readonly owner?: string }) => {
          const live = { at: createdAt, usedAfter: createdAt - 1 };
          const rows = await walkPages<Session>((after) => sessions.list({ limit: 2, after, live, ...of }));
          return rows.map(({ id }) => id);
        };

        expect(await numbersOf({})).toEqual([1, 2, 3, 4].map((number) => numberedId('sess', number)));
        expect(await numbersOf({ owner: 'ann' })).toEqual([numberedId('sess', 4)]);
        expect(await numbersOf({ owner: 'nobody' })).toEqual([]);
      }),
    );

    it(
      'of one user are ended together, but for one; what was ended keeps its reason',
      withStore(make, async ({ users, sessions }) => {
        for (const number of [1, 2]) await users.insert(sampleUser(number));
        for (const number of [1, 2, 3]) await sessions.insert(sampleSession(number));
        await sessions.insert(sampleSession(4, { userId: OTHER }));
        const before = { at: 1, because: 'logged_out' } as const;
        await sessions.update(sampleSession(3, { end: before, revision: 2 }));

        expect(await sessions.endAllOf(USER, END, numberedId('sess', 1))).toBe(1);
        expect(await sessions.endAllOf(USER, END, null)).toBe(1);
        expect(await sessions.endAllOf(USER, END, null)).toBe(0);

        const rows = await Promise.all([1, 2, 3, 4].map((number) => sessions.get(numberedId('sess', number))));
        expect(rows.map((row) => row?.end)).toEqual([END, END, before, null]);
        expect(rows.map((row) => row?.revision)).toEqual([2, 2, 2, 1]);
      }),
    );

    it(
      'of one user are ended beyond a number, those that were used last stay',
      withStore(make, async ({ users, sessions }) => {
        for (const number of [1, 2]) await users.insert(sampleUser(number));
        for (const number of [1, 2, 3, 4]) {
          await sessions.insert(sampleSession(number, { lastUsedAt: 100 + (number % 3) }));
        }
        await sessions.insert(sampleSession(5, { userId: OTHER, lastUsedAt: 1 }));
        const left = async () => {
          const rows = await Promise.all([1, 2, 3, 4, 5].map((number) => sessions.get(numberedId('sess', number))));
          return rows.filter((row) => row?.end === null).map((row) => row?.id);
        };

        expect(await sessions.endBeyond(USER, 4, END)).toBe(0);
        expect(await sessions.endBeyond(USER, 2, END)).toBe(2);
        expect(await left()).toEqual([2, 4, 5].map((number) => numberedId('sess', number)));
      }),
    );

    it(
      'are dropped when their time is over, the oldest first, as many at a time as was said',
      withStore(make, async ({ users, sessions }) => {
        await users.insert(sampleUser(1));
        for (const number of [2, 0, 1, 3]) await sessions.insert(sampleSession(number, { expiresAt: 100 + number }));
        const left = async () => {
          const rows = await sessions.list({ limit: 9, after: null, live: { at: 0, usedAfter: 0 } });
          return rows.map(({ id }) => id);
        };

        expect(await sessions.deleteOld({ expiredBefore: 103, limit: 2 })).toBe(2);
        expect(await left()).toEqual([2, 3].map((number) => numberedId('sess', number)));
        expect(await sessions.deleteOld({ expiredBefore: 103, limit: 2 })).toBe(1);
        expect(await sessions.deleteOld({ expiredBefore: 103, limit: 2 })).toBe(0);
        expect(await left()).toEqual([numberedId('sess', 3)]);
      }),
    );
  });
}

/** What is asked of the table of the keys of tokens. */
export function signingKeyTableContract(make: MakeStore): void {
  describe('signing keys', () => {
    it(
      'are read as they were written, by when they begin to sign',
      withStore(make, async ({ signingKeys }) => {
        let number = 0;
        await fc.assert(
          fc.asyncProperty(anySigningKey, async (any) => {
            number += 1;
            const key = { ...any, keyId: `key ${number}` };
            await signingKeys.insert(key);
            expect((await signingKeys.list()).find(({ keyId }) => keyId === key.keyId)).toEqual(key);
          }),
          { numRuns: 40 },
        );
        const moments = (await signingKeys.list()).map(({ signsFrom }) => signsFrom);
        expect(moments).toEqual(moments.toSorted((a, b) => a - b));
        expect(moments).toHaveLength(number);
      }),
    );

    it(
      'are there once, sealed anew, and removed',
      withStore(make, async ({ signingKeys }) => {
        const key = { keyId: 'a', jwk: {}, sealedPrivateKey: 'old', createdAt: 1, signsFrom: 1 };
        for (const keyId of ['a', 'b']) await signingKeys.insert({ ...key, keyId });

        await expect(signingKeys.insert(key)).rejects.toEqual(refusal('conflict', 'store.constraint'));
        await signingKeys.reseal('a', 'new');
        await signingKeys.delete('b');
        await signingKeys.delete('b');

        expect(await signingKeys.list()).toEqual([{ ...key, sealedPrivateKey: 'new' }]);
      }),
    );
  });
}
