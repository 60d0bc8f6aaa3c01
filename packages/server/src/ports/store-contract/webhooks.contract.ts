import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Delivery } from '../../domain/webhook/delivery.ts';
import type { Webhook } from '../../domain/webhook/webhook.ts';
import { anyDelivery, anyWebhook } from './arbitraries.contract.ts';
import { type MakeStore, outcomes, refusal, walkPages, withStore } from './fixture.contract.ts';
import { numberedId, sampleDelivery, sampleWebhook } from './samples.contract.ts';

const HOOK = numberedId('hook', 1);
const OTHER = numberedId('hook', 2);

/** What is asked of the table of webhooks. */
export function webhookTableContract(make: MakeStore): void {
  describe('webhooks', () => {
    it(
      'are read as they were written',
      withStore(make, async ({ webhooks }) => {
        let number = 0;
        await fc.assert(
          fc.asyncProperty(anyWebhook, async (any) => {
            number += 1;
            const webhook = { ...any, id: numberedId('hook', number), revision: 1 };
            await webhooks.insert(webhook);
            expect(await webhooks.get(webhook.id)).toEqual(webhook);
            const changed = { ...any, id: webhook.id, revision: 2 };
            await webhooks.update(changed);
            expect(await webhooks.get(webhook.id)).toEqual(changed);
          }),
          { numRuns: 40 },
        );
        expect(await webhooks.count()).toBe(number);
        expect(await webhooks.get(numberedId('hook', 999))).toBeNull();
      }),
    );

    it(
      'are listed in the order they were made, page by page',
      withStore(make, async ({ webhooks }) => {
        for (const number of [3, 1, 2]) await webhooks.insert(sampleWebhook(number));

        const all = await walkPages<Webhook>((after) => webhooks.list({ limit: 2, after }));

        expect(all).toEqual([1, 2, 3].map((number) => sampleWebhook(number)));
      }),
    );

    it(
      'are changed by one of those who read the same revision',
      withStore(make, async (store, fixture) => {
        const other = await fixture.open();
        await store.webhooks.insert(sampleWebhook(1));

        const { kept, refusals } = await outcomes(
          [store, other].map((each, i) => each.webhooks.update(sampleWebhook(1, { cursor: i, revision: 2 }))),
        );

        expect(kept).toBe(1);
        expect(refusals).toEqual([refusal('conflict', 'store.revision')]);
      }),
    );

    it(
      'are removed with their deliveries',
      withStore(make, async ({ webhooks, deliveries }) => {
        for (const number of [1, 2]) await webhooks.insert(sampleWebhook(number));
        await deliveries.insert(sampleDelivery(1, { webhookId: HOOK }));
        await deliveries.insert(sampleDelivery(2, { webhookId: OTHER }));

        expect(await webhooks.delete(HOOK)).toBe(true);
        expect(await webhooks.delete(HOOK)).toBe(false);

        expect(await deliveries.get(numberedId('dlv', 1))).toBeNull();
        expect(await deliveries.get(numberedId('dlv', 2))).not.toBeNull();
      }),
    );
  });
}

/** What is asked of the table of deliveries. */
export function deliveryTableContract(make: MakeStore): void {
  describe('deliveries', () => {
    it(
      'are read as they were written',
      withStore(make, async ({ webhooks, deliveries }) => {
        await webhooks.insert(sampleWebhook(1));
        let number = 0;
        await fc.assert(
          fc.asyncProperty(anyDelivery, anyDelivery, async (any, change) => {
            number += 1;
            const fixed = { id: numberedId('dlv', number), webhookId: HOOK };
            await deliveries.insert({ ...any, ...fixed });
            expect(await deliveries.get(fixed.id)).toEqual({ ...any, ...fixed });
            await deliveries.update({ ...change, ...fixed });
            expect(await deliveries.get(fixed.id)).toEqual({ ...change, ...fixed });
          }),
          { numRuns: 40 },
        );
        await deliveries.update(sampleDelivery(999));
        expect(await deliveries.get(numberedId('dlv', 999))).toBeNull();
      }),
    );

    it(
      'belong to a webhook that is there',
      withStore(make, async ({ deliveries }) => {
        await expect(deliveries.insert(sampleDelivery(1))).rejects.toEqual(refusal('conflict', 'store.constraint'));
      }),
    );

    it(
      'are listed by webhook and state, the newest first, page by page',
      withStore(make, async ({ webhooks, deliveries }) => {
        for (const number of [1, 2]) await webhooks.insert(sampleWebhook(number));
        for (let i = 0; i < 12; i++) {
          const state = i % 3 === 0 ? ('dead' as const) : ('waiting' as const);
          await deliveries.insert(sampleDelivery(i, { state, webhookId: i % 2 === 0 ? HOOK : OTHER }));
        }
        const idsOf = async (of: { readonly state?: 'dead' | 'lost' }): Promise<readonly string[]> => {
          const rows = await walkPages<Delivery>((after) =>
            deliveries.list({ limit: 2, after, webhookId: HOOK, ...of }),
          );
          return rows.map(({ id }) => id);
        };

        expect(await idsOf({})).toEqual([10, 8, 6, 4, 2, 0].map((i) => numberedId('dlv', i)));
        expect(await idsOf({ state: 'dead' })).toEqual([6, 0].map((i) => numberedId('dlv', i)));
        expect(await idsOf({ state: 'lost' })).toEqual([]);
      }),
    );

    it(
      'are listed by whose their webhook is, and by whose events it is told of',
      withStore(make, async ({ webhooks, deliveries }) => {
        const webhooksOf = [
          { owner: 'mia', eventsOf: 'mia' },
          { owner: 'mia', eventsOf: null },
          { owner: 'olga', eventsOf: 'mia' },
        ];
        for (const [i, of] of webhooksOf.entries()) {
          await webhooks.insert(sampleWebhook(i, of));
          await deliveries.insert(sampleDelivery(i, { webhookId: numberedId('hook', i) }));
        }
        const list = async (of: { readonly owner?: string; readonly eventsOf?: string }) =>
          (await deliveries.list({ limit: 9, after: null, ...of })).map(({ id }) => id);

        expect(await list({ owner: 'mia' })).toEqual([1, 0].map((i) => numberedId('dlv', i)));
        expect(await list({ eventsOf: 'mia' })).toEqual([2, 0].map((i) => numberedId('dlv', i)));
        expect(await list({ owner: 'mia', eventsOf: 'mia' })).toEqual([numberedId('dlv', 0)]);
        expect((await list({})).length).toBe(3);
      }),
    );

    it(
      'that wait are found in the order that they are to be tried in',
      withStore(make, async ({ webhooks, deliveries }) => {
        for (const number of [1, 2]) await webhooks.insert(sampleWebhook(number));
        const rows = [
          sampleDelivery(1, { nextTryAt: 50, sequence: 9, kind: 'event' }),
          sampleDelivery(2, { nextTryAt: 40, sequence: 8, kind: 'replay' }),
          sampleDelivery(3, { nextTryAt: 40, sequence: 7, kind: 'replay' }),
          sampleDelivery(4, { nextTryAt: null, state: 'dead' }),
          sampleDelivery(5, { nextTryAt: 10, webhookId: OTHER }),
        ];
        for (const row of rows) await deliveries.insert(row);
        const first = (kinds: readonly ('event' | 'replay' | 'test')[]) =>
          deliveries.firstWaiting({ webhookId: HOOK, kinds });

        expect(await first(['event', 'replay'])).toEqual(rows[2]);
        expect(await first(['event'])).toEqual(rows[0]);
        expect(await first(['test'])).toBeNull();
        expect(await first([])).toBeNull();
        expect(await deliveries.countWaiting(HOOK)).toBe(3);
      }),
    );

    it(
      'that wait can be begun anew, or those of the log forgotten from a sequence on',
      withStore(make, async ({ webhooks, deliveries }) => {
        for (const number of [1, 2]) await webhooks.insert(sampleWebhook(number));
        const tried = { tries: 4, firstTriedAt: 5, nextTryAt: 50 };
        const rows = [
          sampleDelivery(1, { ...tried, sequence: 5 }),
          sampleDelivery(2, { ...tried, sequence: 6 }),
          sampleDelivery(3, { ...tried, sequence: 6, kind: 'replay' }),
          sampleDelivery(4, { ...tried, sequence: 6, state: 'dead' }),
          sampleDelivery(5, { ...tried, sequence: 6, webhookId: OTHER }),
        ];
        for (const row of rows) await deliveries.insert(row);

        await deliveries.restartWaiting(HOOK, 7);
        await deliveries.deleteWaitingEvents({ webhookId: HOOK, above: 5 });

        const again = { tries: 0, firstTriedAt: null, nextTryAt: 7 };
        const left = await Promise.all(rows.map(({ id }) => deliveries.get(id)));
        expect(left).toEqual([{ ...rows[0], ...again }, null, { ...rows[2], ...again }, rows[3], rows[4]]);
      }),
    );

    it(
      'that are over are dropped by age, the oldest first, as many at a time as was said',
      withStore(make, async ({ webhooks, deliveries }) => {
        await webhooks.insert(sampleWebhook(1));
        for (const i of [2, 0, 1, 3])
          await deliveries.insert(sampleDelivery(i, { state: 'dead', completedAt: 100 + i }));
        await deliveries.insert(sampleDelivery(9));
        const left = async () =>
          (await deliveries.list({ webhookId: HOOK, limit: 9, after: null })).map(({ id }) => id).reverse();

        expect(await deliveries.deleteOld({ completedBefore: 103, limit: 2 })).toBe(2);
        expect(await left()).toEqual([2, 3, 9].map((i) => numberedId('dlv', i)));
        expect(await deliveries.deleteOld({ completedBefore: 103, limit: 2 })).toBe(1);
        expect(await deliveries.deleteOld({ completedBefore: 103, limit: 2 })).toBe(0);
        expect(await left()).toEqual([3, 9].map((i) => numberedId('dlv', i)));
      }),
    );
  });
}
