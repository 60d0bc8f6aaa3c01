import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LogQuery } from '../domain/logs/log-query.ts';
import { line, NOON, OTHER, UNBOUNDED, UNSTOPPED, VM } from './log-store.contract.ts';
import type { LogStore } from './log-store.ts';

/** What every store of lines drops that keeps none elsewhere. `open` gives one with nothing in it. */
export function logPruningContract(name: string, open: () => Promise<LogStore>): void {
  describe(`${name} drops lines as the log store contract says`, () => {
    let store: LogStore;
    beforeEach(async () => {
      store = await open();
    });
    afterEach(() => store[Symbol.asyncDispose]());

    async function read(query: Partial<LogQuery> = {}) {
      return await store.read({ direction: 'forward', from: null, limit: 1_000, ...query }, { signal: UNSTOPPED });
    }
    async function messages(query: Partial<LogQuery> = {}): Promise<readonly string[]> {
      return (await read(query)).lines.map(({ message }) => message);
    }

    it('drops what is old, and keeps what is not', async () => {
      await store.append([line('old', { at: NOON - 10 }), line('late', { at: NOON }), line('old', { at: NOON - 1 })]);

      await store.prune({ ...UNBOUNDED, beforeMs: NOON });

      expect(await messages()).toEqual(['late']);
      expect(await messages({ phrases: [['old']] })).toEqual([]);
      await store.prune({ ...UNBOUNDED, beforeMs: NOON + 1 });
      expect(await messages()).toEqual([]);
      expect(await store.vms()).toEqual([]);
    });

    it('drops the oldest of a VM that says too much, and of no other', async () => {
      await store.append([line('kept', { vmId: OTHER })]);
      await store.append(Array.from({ length: 1_000 }, (_, at) => line(`${at} ${'x'.repeat(100)}`)));
      expect((await store.vms()).toSorted()).toEqual([VM, OTHER]);

      await store.prune({ ...UNBOUNDED, maxBytesPerVm: 50_000 });

      const left = await messages({ vmId: VM });
      expect(left.length).toBeGreaterThan(200);
      expect(left.length).toBeLessThan(500);
      expect(left.at(-1)).toMatch(/^999 /);
      expect(await messages({ vmId: OTHER })).toEqual(['kept']);
    });

    it('drops the oldest of all when all takes too much', async () => {
      for (let part = 0; part < 10; part++)
        await store.append(
          Array.from({ length: 2_000 }, (_, at) => line(`${part * 2_000 + at} ${'word '.repeat(30)}`)),
        );

      await store.prune({ ...UNBOUNDED, maxBytes: 2_000_000 });

      const left = await messages();
      expect(left.length).toBeLessThan(12_000);
      expect((await read({ limit: 1, direction: 'backward' })).lines[0]?.message).toMatch(/^19999 /);
    });

    it('says from where on nothing has been dropped', async () => {
      const { atMs } = await store.keptFrom();
      const late = Math.max(atMs, NOON) + 10;
      const first = await store.append([line('kept', { at: late })]);
      expect((await store.keptFrom()).sequence).toBeLessThanOrEqual(first);
      await store.append([line('old', { at: late - 1 }), line('older', { at: late - 2 }), line('late', { at: late })]);

      for (const _ of ['once', 'and again']) {
        await store.prune({ ...UNBOUNDED, beforeMs: late });
        expect(await store.keptFrom()).toEqual({ sequence: first + 3, atMs: late, vmSequence: 0 });
      }
    });

    it('says so of a VM, and of an owner, apart from another VM that says too much', async () => {
      const begun = await store.keptFrom();
      const late = Math.max(begun.atMs, NOON) + 10;
      const mine = { at: late, vmId: OTHER, owner: 'bob' } as const;
      await store.append([line('mine', mine)]);
      const last = await store.append(
        Array.from({ length: 1_000 }, (_, at) => line(`${at} ${'x'.repeat(100)}`, { at: late + at })),
      );
      expect(await store.keptFrom({ vmId: VM })).toEqual(begun);

      await store.prune({ ...UNBOUNDED, maxBytesPerVm: 50_000 });

      const all = await store.keptFrom();
      expect(all.vmSequence).toBe(all.sequence);
      expect((await read({ vmId: VM })).keptFrom).toEqual(all);
      expect((await read({ vmId: OTHER })).keptFrom).toEqual(begun);
      expect(all.sequence).toBeGreaterThan(last - 500);
      expect(all.atMs).toBeGreaterThan(late + 500);
      for (const subject of [{ vmId: VM }, { owner: 'ann' }, { vmId: VM, owner: 'ann' }])
        expect(await store.keptFrom(subject)).toEqual(all);
      for (const subject of [{ vmId: OTHER }, { owner: 'bob' }, { vmId: VM, owner: 'bob' }, { owner: 'of nothing' }])
        expect(await store.keptFrom(subject)).toEqual(begun);

      const old = await store.append([line('old', { ...mine, at: late - 5 })]);
      await store.prune({ ...UNBOUNDED, beforeMs: late });
      const dropped = { sequence: old + 1, vmSequence: 0 };
      expect(await store.keptFrom({ vmId: OTHER })).toEqual({ ...dropped, atMs: late - 4 });
      expect(await store.keptFrom({ vmId: VM })).toEqual({ ...dropped, atMs: all.atMs });
      expect(await store.keptFrom()).toEqual({ ...dropped, atMs: all.atMs });
    });
  });
}
