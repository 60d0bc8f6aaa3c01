import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AUDIT_RESULTS, type AuditEntry } from '../../domain/audit/audit.ts';
import type { Store } from '../store.ts';
import type { AuditFilter } from '../tables/audit-table.ts';
import { anyAuditEntry } from './arbitraries.contract.ts';
import { type MakeStore, withStore } from './fixture.contract.ts';
import { sampleAuditEntry } from './samples.contract.ts';

/** What is asked of the log of who did what. */
export function auditTableContract(make: MakeStore): void {
  describe('audit entries', () => {
    it(
      'are read as they were written, numbered from 1 on in their order',
      withStore(make, async ({ audit }) => {
        const written: object[] = [];
        await fc.assert(
          fc.asyncProperty(fc.array(anyAuditEntry, { maxLength: 5 }), async (added) => {
            await audit.append(added);
            written.push(...added);
          }),
          { numRuns: 40 },
        );

        const numbered = written.map((entry, index) => ({ ...entry, sequence: index + 1 }));
        const all = { limit: 1_000, after: null };
        expect(await audit.list({ ...all, order: 'oldest-first' })).toEqual(numbered);
        expect(await audit.list({ ...all, order: 'newest-first' })).toEqual(numbered.toReversed());
      }),
    );

    it(
      'are listed from anywhere, in both orders, by whatever they are about',
      withStore(make, async ({ audit }) => {
        await audit.append(
          Array.from({ length: 60 }, (_, i) =>
            sampleAuditEntry({
              at: i * 10,
              principal: `user-${i % 3}`,
              action: i % 2 === 0 ? 'vm.create' : 'vm.delete',
              target: { kind: 'vm', id: i % 5 === 0 ? null : `vm_${i % 4}`, name: `name-${i % 7}` },
              result: AUDIT_RESULTS[i % 3] ?? 'ok',
            }),
          ),
        );
        const all = await audit.list({ order: 'oldest-first', limit: 100, after: null });
        const filters = fc.record(
          {
            principal: fc.constantFrom('user-1', 'user-2', 'nobody'),
            action: fc.constantFrom('vm.create', 'vm.start'),
            target: fc.constantFrom({ id: 'vm_1' }, { id: 'name-1' }, { name: 'name-1' }),
            result: fc.constantFrom(...AUDIT_RESULTS),
            since: fc.nat(700),
            until: fc.nat(700),
          },
          { requiredKeys: [] },
        );
        const order = fc.constantFrom('oldest-first' as const, 'newest-first' as const);
        await fc.assert(
          fc.asyncProperty(filters, order, fc.option(fc.nat(70)), fc.nat(70), async (filter, order, after, limit) => {
            const isForward = order === 'oldest-first';
            const expected = (isForward ? all : all.toReversed())
              .filter((entry) => matches(entry, filter))
              .filter(({ sequence }) => after === null || (isForward ? sequence > after : sequence < after))
              .slice(0, limit);

            expect(await audit.list({ ...filter, order, after, limit })).toEqual(expected);
          }),
          { numRuns: 80 },
        );
      }),
    );

    it(
      'are written with the transaction that they are part of, or not at all',
      withStore(make, async (store) => {
        const fault = new Error('no');
        const failing = store.transaction(async (tables) => {
          await tables.audit.append([sampleAuditEntry()]);
          throw fault;
        });

        await expect(failing).rejects.toBe(fault);
        await store.audit.append([sampleAuditEntry()]);

        expect((await everything(store)).map(({ sequence }) => sequence)).toEqual([1]);
      }),
    );

    it(
      'are dropped from the beginning by their age, a number at a time, and their numbers are not used again',
      withStore(make, async (store) => {
        // The third is old by a clock that was set back: what is before it stays with it.
        await store.audit.append([1, 2, 9, 3, 9].map((at) => sampleAuditEntry({ at })));

        expect(await store.audit.deleteOld({ before: 5, limit: 1 })).toBe(1);
        expect(await store.audit.deleteOld({ before: 5, limit: 10 })).toBe(1);
        expect(await store.audit.deleteOld({ before: 5, limit: 10 })).toBe(0);
        expect((await everything(store)).map(({ at }) => at)).toEqual([9, 3, 9]);
        expect(await store.audit.deleteOld({ before: 10, limit: 10 })).toBe(3);

        await store.audit.append([sampleAuditEntry()]);
        expect((await everything(store)).map(({ sequence }) => sequence)).toEqual([6]);
      }),
    );
  });
}

async function everything({ audit }: Store): Promise<readonly AuditEntry[]> {
  return await audit.list({ order: 'oldest-first', limit: 100, after: null });
}

function matches(entry: AuditEntry, { principal, action, target, result, since, until }: AuditFilter): boolean {
  const isOfTarget =
    target === undefined || ('id' in target ? entry.target.id === target.id : entry.target.name === target.name);
  return (
    isOfTarget &&
    (principal === undefined || entry.principal === principal) &&
    (action === undefined || entry.action === action) &&
    (result === undefined || entry.result === result) &&
    (since === undefined || entry.at >= since) &&
    (until === undefined || entry.at < until)
  );
}
