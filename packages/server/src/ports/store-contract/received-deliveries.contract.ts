import { describe, expect, it } from 'vitest';
import type { ReceivedDelivery } from '../../domain/integrations.ts';
import { type MakeStore, withStore } from './fixture.contract.ts';

function sample(number: number, fields: Partial<ReceivedDelivery> = {}): ReceivedDelivery {
  return {
    ...{ integration: 'github', deliveryId: `d${number}`, digest: `f${number}`, kind: 'issues', action: 'opened' },
    receivedAt: 100 + number,
    ...fields,
  };
}

/** What is asked of the table of what integrations have sent. */
export function receivedDeliveryTableContract(make: MakeStore): void {
  describe('what integrations have sent', () => {
    it(
      'is there once, by its id and by its digest, for each integration by itself',
      withStore(make, async ({ receivedDeliveries }) => {
        expect(await receivedDeliveries.insert(sample(1))).toBe(true);
        expect(await receivedDeliveries.insert(sample(1))).toBe(false);
        expect(await receivedDeliveries.insert(sample(2, { deliveryId: 'd1' }))).toBe(false);
        expect(await receivedDeliveries.insert(sample(2, { digest: 'f1' }))).toBe(false);
        expect(await receivedDeliveries.insert(sample(1, { integration: 'slack', action: null }))).toBe(true);
        for (const i of [3, 4]) expect(await receivedDeliveries.insert(sample(i, { digest: null }))).toBe(true);

        expect(await receivedDeliveries.isKnown(sample(1))).toBe(true);
        expect(await receivedDeliveries.isKnown(sample(9, { digest: 'f1' }))).toBe(true);
        expect(await receivedDeliveries.isKnown(sample(1, { digest: null }))).toBe(true);
        expect(await receivedDeliveries.isKnown(sample(9, { digest: null }))).toBe(false);
        expect(await receivedDeliveries.isKnown(sample(1, { integration: 'discord' }))).toBe(false);
      }),
    );

    it(
      'is written once when it comes many times at once',
      withStore(make, async (store, fixture) => {
        const other = await fixture.open();
        const written = await Promise.all(
          Array.from({ length: 20 }, (_, i) => (i % 2 === 0 ? store : other).receivedDeliveries.insert(sample(1))),
        );
        expect(written.filter((isWritten) => isWritten)).toHaveLength(1);
      }),
    );

    it(
      'is forgotten together with what was written beside it',
      withStore(make, async (store) => {
        const fault = new Error('half way');
        const work = store.transaction(async ({ receivedDeliveries }) => {
          await receivedDeliveries.insert(sample(1));
          throw fault;
        });
        await expect(work).rejects.toBe(fault);
        expect(await store.receivedDeliveries.isKnown(sample(1))).toBe(false);
      }),
    );

    it(
      'is read as it was written, the last of each integration, and dropped by age, the oldest first',
      withStore(make, async ({ receivedDeliveries }) => {
        expect(await receivedDeliveries.latest('github')).toBeNull();
        for (const i of [2, 0, 3, 1]) await receivedDeliveries.insert(sample(i));
        const slack = sample(9, { integration: 'slack', action: null, digest: null });
        await receivedDeliveries.insert(slack);

        expect(await receivedDeliveries.latest('github')).toEqual(sample(3));
        expect(await receivedDeliveries.latest('slack')).toEqual(slack);
        expect(await receivedDeliveries.deleteOld({ receivedBefore: 103, limit: 2 })).toBe(2);
        expect(await receivedDeliveries.isKnown(sample(1))).toBe(false);
        expect(await receivedDeliveries.isKnown(sample(2))).toBe(true);
        expect(await receivedDeliveries.deleteOld({ receivedBefore: 103, limit: 2 })).toBe(1);
        expect(await receivedDeliveries.deleteOld({ receivedBefore: 103, limit: 2 })).toBe(0);
        expect(await receivedDeliveries.latest('github')).toEqual(sample(3));
      }),
    );
  });
}
