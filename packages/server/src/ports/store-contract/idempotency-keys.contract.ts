import { describe, expect, it } from 'vitest';
import type { KeyedRequest } from '../../domain/idempotency/keyed-request.ts';
import { type MakeStore, withStore } from './fixture.contract.ts';
import { numberedId, sampleKeyedRequest } from './samples.contract.ts';

const ANSWER = { status: 202, headers: { location: '/v1/operations/x' }, body: '{"ä":"\\u0000"}' };

const effects: readonly KeyedRequest['effect'][] = [
  { kind: 'operation', id: numberedId('op', 1) },
  { kind: 'execution', id: numberedId('exec', 1) },
  { kind: 'webhook', id: numberedId('hook', 1) },
  { kind: 'delivery', id: numberedId('dlv', 1) },
  { kind: 'api_key', id: numberedId('key', 1) },
  { kind: 'guest' },
];

/** What is asked of the table of idempotency keys. */
export function idempotencyKeyTableContract(make: MakeStore): void {
  describe('idempotency keys', () => {
    it(
      'are read as they were written, whatever their requests brought about',
      withStore(make, async ({ idempotencyKeys }) => {
        for (const [i, effect] of effects.entries()) {
          const request = sampleKeyedRequest(i, { effect, key: ` k~${i}'"%_`, answer: i === 0 ? null : ANSWER });
          expect(await idempotencyKeys.insert(request)).toBe(true);
          expect(await idempotencyKeys.get(request.principal, request.key)).toEqual(request);
        }
        expect(await idempotencyKeys.get('admin', 'other')).toBeNull();
      }),
    );

    it(
      'belong to one request of one principal: exactly one of those who race for a key gets it',
      withStore(make, async (store, fixture) => {
        const other = await fixture.open();

        const got = await Promise.all(
          Array.from({ length: 20 }, (_, i) =>
            (i % 2 === 0 ? store : other).idempotencyKeys.insert(sampleKeyedRequest(i, { key: 'k' })),
          ),
        );

        expect(got.filter((isMine) => isMine)).toHaveLength(1);
        const winner = await store.idempotencyKeys.get('admin', 'k');
        expect(winner?.requestId).toBe(sampleKeyedRequest(got.indexOf(true)).requestId);
        expect(await store.idempotencyKeys.insert(sampleKeyedRequest(99, { key: 'k', principal: 'other' }))).toBe(true);
      }),
    );

    it(
      'are given up together with what was written beside them',
      withStore(make, async (store) => {
        const fault = new Error('half way');
        const work = store.transaction(async ({ idempotencyKeys }) => {
          await idempotencyKeys.insert(sampleKeyedRequest(1));
          throw fault;
        });
        await expect(work).rejects.toBe(fault);

        expect(await store.idempotencyKeys.insert(sampleKeyedRequest(1))).toBe(true);
      }),
    );

    it(
      'keep the first answer, and only that to their own request',
      withStore(make, async ({ idempotencyKeys }) => {
        const request = sampleKeyedRequest(1);
        await idempotencyKeys.insert(request);

        await idempotencyKeys.keepAnswer({ ...request, requestId: 'another' }, ANSWER);
        expect(await idempotencyKeys.get(request.principal, request.key)).toEqual(request);
        await idempotencyKeys.keepAnswer(request, ANSWER);
        await idempotencyKeys.keepAnswer(request, { ...ANSWER, status: 500 });
        await idempotencyKeys.keepAnswer(sampleKeyedRequest(2), ANSWER);

        expect(await idempotencyKeys.get(request.principal, request.key)).toEqual({ ...request, answer: ANSWER });
        expect(await idempotencyKeys.get('admin', sampleKeyedRequest(2).key)).toBeNull();
      }),
    );

    it(
      'are free again when they are removed, which only their own request can do',
      withStore(make, async ({ idempotencyKeys }) => {
        const request = sampleKeyedRequest(1);
        await idempotencyKeys.insert(request);

        await idempotencyKeys.delete({ ...request, requestId: 'another' });
        expect(await idempotencyKeys.insert(request)).toBe(false);
        await idempotencyKeys.delete(request);

        expect(await idempotencyKeys.insert(request)).toBe(true);
      }),
    );

    it(
      'are dropped by age, the oldest first, as many at a time as was said',
      withStore(make, async ({ idempotencyKeys }) => {
        for (const i of [4, 1, 3, 0, 2]) await idempotencyKeys.insert(sampleKeyedRequest(i, { createdAt: 100 + i }));
        const left = async (): Promise<readonly number[]> => {
          const found = await Promise.all(
            [0, 1, 2, 3, 4].map((i) => idempotencyKeys.get('admin', sampleKeyedRequest(i).key)),
          );
          return found.flatMap((each) => (each === null ? [] : [each.createdAt - 100]));
        };

        expect(await idempotencyKeys.deleteOld({ createdBefore: 103, limit: 2 })).toBe(2);
        expect(await left()).toEqual([2, 3, 4]);
        expect(await idempotencyKeys.deleteOld({ createdBefore: 103, limit: 2 })).toBe(1);
        expect(await idempotencyKeys.deleteOld({ createdBefore: 103, limit: 2 })).toBe(0);
        expect(await left()).toEqual([3, 4]);
      }),
    );
  });
}
