import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Event } from '../../domain/events.ts';
import type { Store } from '../store.ts';
import { anyEvent } from './arbitraries.contract.ts';
import { type MakeStore, withStore } from './fixture.contract.ts';
import { numberedId, sampleEvent } from './samples.contract.ts';

const VM = numberedId('vm', 1);
const OTHER_VM = numberedId('vm', 2);
/** Trims nothing; a test changes one part of it. */
const nothing = { before: 0, keep: 1000, limit: 100 };

/** What is asked of the log of events. */
export function eventTableContract(make: MakeStore): void {
  describe('events', () => {
    it(
      'are read as they were written, numbered from 1 on in their order',
      withStore(make, async ({ events }) => {
        const written: object[] = [];
        await fc.assert(
          fc.asyncProperty(fc.array(anyEvent, { maxLength: 5 }), async (added) => {
            await events.append(added);
            written.push(...added);
          }),
          { numRuns: 40 },
        );

        const read = await events.list({ after: 0, limit: 1000 });

        expect(read).toEqual(written.map((event, index) => ({ ...event, sequence: index + 1 })));
        expect(await events.bounds()).toEqual({ first: 1, last: written.length });
      }),
    );

    it(
      'are listed after any sequence, up to any limit, by types and by VM',
      withStore(make, async ({ events }) => {
        await events.append(
          Array.from({ length: 60 }, (_, i) =>
            sampleEvent(i % 3 === 0 ? null : i % 3 === 1 ? VM : OTHER_VM, `${i}`, {
              type: i % 2 === 0 ? 'vm.started' : 'vm.stopped',
            }),
          ),
        );
        const all = await events.list({ after: 0, limit: 100 });
        const filters = fc.record(
          {
            types: fc.subarray(['vm.started', 'vm.stopped', 'vm.deleted'] as const),
            vmId: fc.constantFrom(VM, OTHER_VM, numberedId('vm', 9)),
          },
          { requiredKeys: [] },
        );
        await fc.assert(
          fc.asyncProperty(filters, fc.nat(70), fc.integer({ min: 1, max: 70 }), async (filter, after, limit) => {
            const expected = all.filter((event) => event.sequence > after && matches(event, filter)).slice(0, limit);

            expect(await events.list({ ...filter, after, limit })).toEqual(expected);
          }),
          { numRuns: 60 },
        );
      }),
    );

    it(
      'have no gaps and stay together, however many append at once, from one store or two',
      withStore(make, async (store, fixture) => {
        const other = await fixture.open();

        await Promise.all(
          Array.from({ length: 30 }, (_, i) =>
            (i % 2 === 0 ? store : other).events.append([sampleEvent(VM, `${i} a`), sampleEvent(VM, `${i} b`)]),
          ),
        );

        const all = await store.events.list({ after: 0, limit: 100 });
        expect(all.map(({ sequence }) => sequence)).toEqual(Array.from({ length: 60 }, (_, i) => i + 1));
        for (let i = 0; i < 60; i += 2) {
          const [first, second] = [noteOf(all[i]), noteOf(all[i + 1])];
          expect(second).toBe(first?.replace('a', 'b'));
        }
      }),
    );

    it(
      'of a transaction that came to nothing use up no number',
      withStore(make, async (store) => {
        await store.events.append([sampleEvent(VM, 'first')]);
        await expect(
          store.transaction(async (tables) => {
            await tables.events.append([sampleEvent(VM, 'lost'), sampleEvent(VM, 'lost too')]);
            throw new Error('no');
          }),
        ).rejects.toThrow('no');
        await store.events.append([sampleEvent(VM, 'second')]);

        const all = await store.events.list({ after: 0, limit: 10 });
        expect(all.map((event) => [event.sequence, noteOf(event)])).toEqual([
          [1, 'first'],
          [2, 'second'],
        ]);
      }),
    );

    it(
      'that were trimmed are gone, and their numbers are never used again',
      withStore(make, async (store, fixture) => {
        expect(await store.events.bounds()).toEqual({ first: 1, last: 0 });
        await store.events.append([1, 2, 3, 4].map((i) => sampleEvent(VM, `${i}`)));

        expect(await store.events.trim({ ...nothing, keep: 2 })).toBe(2);
        expect(await store.events.bounds()).toEqual({ first: 3, last: 4 });
        expect(await store.events.trim({ ...nothing, keep: 2 })).toBe(0);
        expect(await store.events.trim({ ...nothing, keep: 0 })).toBe(2);
        expect(await store.events.bounds()).toEqual({ first: 5, last: 4 });
        await store[Symbol.asyncDispose]();

        const again = await fixture.open();
        await again.events.append([sampleEvent(VM, 'after')]);
        expect(await sequences(again)).toEqual([5]);
      }),
    );

    it(
      'are trimmed from the beginning alone: what an old clock has stamped leaves no hole',
      withStore(make, async (store) => {
        await store.events.append([100, 200, 300, 100, 400].map((at) => sampleEvent(VM, '', { at })));

        expect(await store.events.trim({ ...nothing, before: 250, limit: 1 })).toBe(1);
        expect(await store.events.trim({ ...nothing, before: 250 })).toBe(1);
        expect(await store.events.trim({ ...nothing, before: 250 })).toBe(0);
        expect(await sequences(store)).toEqual([3, 4, 5]);
      }),
    );
  });
}

function matches(event: Event, filter: { readonly types?: readonly string[]; readonly vmId?: string }): boolean {
  return (
    (filter.types === undefined || filter.types.includes(event.type)) &&
    (filter.vmId === undefined || event.vmId === filter.vmId)
  );
}

function noteOf(event: Event | undefined): string | undefined {
  const note = event?.data['note'];
  return typeof note === 'string' ? note : undefined;
}

async function sequences({ events }: Store): Promise<readonly number[]> {
  return (await events.list({ after: 0, limit: 100 })).map(({ sequence }) => sequence);
}
