import { describe, expect, it } from 'vitest';
import type { Alert } from '../../domain/alert/alert.ts';
import { type MakeStore, withStore } from './fixture.contract.ts';
import { numberedId } from './samples.contract.ts';

const AT = 1_767_225_600_000;

/** One that fires, with this number in its id and that of its VM. */
function sampleAlert(number: number, change: Partial<Alert> = {}): Alert {
  return {
    ...{ id: numberedId('alert', number), kind: 'cpu', vmId: numberedId('vm', number), vmName: `vm-${number}` },
    ...{ owner: 'admin', state: 'firing', threshold: 90, value: 97.25, message: 'Its processors are busy.' },
    ...{ firedAt: AT + number, resolvedAt: null },
    ...change,
  };
}

/** What is asked of alerts. */
export function alertTableContract(make: MakeStore): void {
  describe('alerts', () => {
    it(
      'are read as they were written, newest first, by whatever they are about',
      withStore(make, async ({ alerts }) => {
        const written = [
          sampleAlert(1),
          sampleAlert(2, { kind: 'health', threshold: null, value: null, owner: 'bob' }),
          sampleAlert(3, { vmId: numberedId('vm', 1), kind: 'disk' }),
          sampleAlert(4, { state: 'resolved', resolvedAt: AT + 9 }),
        ];
        for (const alert of written) await alerts.insert(alert);
        const [first, second, third, fourth] = written;
        const all = { limit: 10, after: null };

        expect(await alerts.list(all)).toEqual([fourth, third, second, first]);
        expect(await alerts.list({ limit: 2, after: numberedId('alert', 3) })).toEqual([second, first]);
        expect(await alerts.list({ ...all, owner: 'bob' })).toEqual([second]);
        expect(await alerts.list({ ...all, state: 'resolved' })).toEqual([fourth]);
        expect(await alerts.list({ ...all, vmId: numberedId('vm', 1), kind: 'cpu' })).toEqual([first]);
        expect(await alerts.listFiring()).toEqual([first, second, third]);
        expect(await alerts.count({})).toBe(4);
        expect(await alerts.count({ state: 'firing', owner: 'admin' })).toBe(2);
        expect(await alerts.count({ vmId: numberedId('vm', 1), kind: 'disk' })).toBe(1);
      }),
    );

    it(
      'fire once for each kind and VM, and again when they are resolved',
      withStore(make, async ({ alerts }) => {
        const vmId = numberedId('vm', 1);
        await alerts.insert(sampleAlert(1, { vmId }));
        await alerts.insert(sampleAlert(2, { vmId, kind: 'memory' }));

        await expect(alerts.insert(sampleAlert(3, { vmId }))).rejects.toMatchObject({ reason: 'store.constraint' });
        await alerts.resolve(numberedId('alert', 1), AT + 50);
        await alerts.resolve(numberedId('alert', 1), AT + 60);
        await alerts.insert(sampleAlert(3, { vmId }));

        const [again, , resolved] = await alerts.list({ limit: 10, after: null });
        expect(again).toEqual(sampleAlert(3, { vmId }));
        expect(resolved).toEqual(sampleAlert(1, { vmId, state: 'resolved', resolvedAt: AT + 50 }));
      }),
    );

    it(
      'are dropped when they were resolved long ago, never while they fire',
      withStore(make, async ({ alerts }) => {
        for (const number of [1, 2, 3, 4]) {
          await alerts.insert(sampleAlert(number));
          if (number < 4) await alerts.resolve(numberedId('alert', number), AT + number * 10);
        }

        expect(await alerts.deleteResolved({ before: AT + 30, limit: 1 })).toBe(1);
        expect(await alerts.deleteResolved({ before: AT + 30, limit: 10 })).toBe(1);
        expect(await alerts.deleteResolved({ before: AT + 30, limit: 10 })).toBe(0);

        const left = await alerts.list({ limit: 10, after: null });
        expect(left.map(({ id }) => id)).toEqual([numberedId('alert', 4), numberedId('alert', 3)]);
      }),
    );

    it(
      'are gone after a rollback',
      withStore(make, async (store) => {
        const broken = store.transaction(async ({ alerts }) => {
          await alerts.insert(sampleAlert(1));
          throw new RangeError('not now');
        });

        await expect(broken).rejects.toThrow('not now');
        expect(await store.alerts.count({})).toBe(0);
      }),
    );
  });
}
