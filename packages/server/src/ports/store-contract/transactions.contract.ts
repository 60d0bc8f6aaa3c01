import { describe, expect, it } from 'vitest';
import type { Tables } from '../store.ts';
import { type MakeStore, refusal, withStore } from './fixture.contract.ts';
import { numberedId, sampleEvent, sampleExecution, sampleOperation, sampleVm } from './samples.contract.ts';

const VM = numberedId('vm', 1);

/** What is asked of transactions, and of the store as a whole. */
export function transactionContract(make: MakeStore): void {
  describe('a transaction', () => {
    it(
      'writes everything, and answers with what its work did',
      withStore(make, async (store) => {
        const answer = await store.transaction(async (tables) => {
          await writeEverywhere(tables);
          return 'done';
        });

        expect(answer).toBe('done');
        expect(await countEverything(store)).toEqual([1, 1, 1, 3, 2, 'on']);
      }),
    );

    it(
      'that throws, at whichever write, leaves nothing',
      withStore(make, async (store) => {
        for (let writes = 0; writes <= 6; writes++) {
          const fault = new Error(`after ${writes}`);
          await expect(
            store.transaction(async (tables) => {
              await writeEverywhere(tables, writes);
              throw fault;
            }),
          ).rejects.toBe(fault);

          expect(await countEverything(store)).toEqual([0, 0, 0, 0, 0, null]);
        }
      }),
    );

    it(
      'sees its own writes; nobody else sees them before its end, nor waits for it',
      withStore(make, async (store) => {
        const inside = Promise.withResolvers<void>();
        const outside = Promise.withResolvers<void>();
        const transaction = store.transaction(async (tables) => {
          await writeEverywhere(tables);
          expect(await countEverything(tables)).toEqual([1, 1, 1, 3, 2, 'on']);
          inside.resolve();
          await outside.promise;
        });

        await inside.promise;
        expect(await countEverything(store)).toEqual([0, 0, 0, 0, 0, null]);
        outside.resolve();
        await transaction;

        expect(await countEverything(store)).toEqual([1, 1, 1, 3, 2, 'on']);
      }),
    );

    it(
      'is not disturbed by another: what is read and written in one holds to its end',
      withStore(make, async (store, fixture) => {
        const other = await fixture.open();
        await store.vms.insert(sampleVm(1, { generation: 0 }));

        await Promise.all(
          Array.from({ length: 24 }, (_, i) =>
            (i % 3 === 0 ? other : store).transaction(async ({ vms }) => {
              const vm = await vms.get(VM);
              if (vm === null) throw new Error('gone');
              await Promise.resolve();
              await vms.update({ ...vm, generation: vm.generation + 1, revision: vm.revision + 1 });
            }),
          ),
        );

        expect(await store.vms.get(VM)).toMatchObject({ generation: 24, revision: 25 });
      }),
    );

    it(
      'goes on after a refusal that its work has caught',
      withStore(make, async (store) => {
        await store.transaction(async ({ vms, events }) => {
          await vms.insert(sampleVm(1));
          await expect(vms.insert(sampleVm(2, { name: 'vm-1' }))).rejects.toEqual(
            refusal('already_exists', 'vm.name_taken'),
          );
          await events.append([sampleEvent(VM, 'kept')]);
        });

        expect(await store.vms.get(VM)).not.toBeNull();
        expect(await store.events.bounds()).toEqual({ first: 1, last: 1 });
      }),
    );

    it(
      'gives tables that are of no use after its end',
      withStore(make, async (store) => {
        const ended = refusal('internal', 'store.transaction_ended');
        const { promise: given, resolve: give } = Promise.withResolvers<Tables>();
        await store.transaction(async (tables) => give(tables));
        const { vms } = await given;

        await expect(vms.get(VM)).rejects.toEqual(ended);
        await expect(vms.insert(sampleVm(1))).rejects.toEqual(ended);
        expect(await store.vms.get(VM)).toBeNull();
      }),
    );
  });

  describe('the store', () => {
    it(
      'has everything when it is opened again',
      withStore(make, async (store, fixture) => {
        await store.transaction(writeEverywhere);
        await store[Symbol.asyncDispose]();

        const again = await fixture.open();

        expect(await countEverything(again)).toEqual([1, 1, 1, 3, 2, 'on']);
        expect(await again.vms.get(VM)).toEqual(sampleVm(1));
      }),
    );

    it(
      'ends after the transaction under way, refuses what comes later, and may be ended twice',
      withStore(make, async (store, fixture) => {
        const closed = refusal('unavailable', 'store.closed');
        const gate = Promise.withResolvers<void>();
        const last = store.transaction(async (tables) => {
          await gate.promise;
          await tables.vms.insert(sampleVm(1));
        });
        const ending = store[Symbol.asyncDispose]();
        const late = expect(store.vms.insert(sampleVm(2))).rejects.toEqual(closed);
        gate.resolve();
        await last;
        await ending;
        await late;

        await expect(store.vms.get(VM)).rejects.toEqual(closed);
        await store[Symbol.asyncDispose]();

        const again = await fixture.open();
        expect((await again.vms.list({ limit: 9, after: null })).map(({ id }) => id)).toEqual([VM]);
      }),
    );
  });
}

/** Six writes, one to each kind of thing; the first `limit` of them. */
async function writeEverywhere(tables: Tables, limit = 6): Promise<void> {
  const writes = [
    () => tables.vms.insert(sampleVm(1)),
    () => tables.operations.insert(sampleOperation(1, VM)),
    () => tables.executions.insert(sampleExecution(1, VM)),
    () => tables.executions.appendOutput(numberedId('exec', 1), 'stdout', 0, new Uint8Array(3)),
    () => tables.events.append([sampleEvent(VM, 'a'), sampleEvent(VM, 'b')]),
    () => tables.settings.getOrInsert('switch', 'on'),
  ];
  for (const write of writes.slice(0, limit)) await write();
}

async function countEverything(tables: Tables): Promise<readonly unknown[]> {
  const page = { limit: 100, after: null };
  return [
    (await tables.vms.list(page)).length,
    (await tables.operations.list(page)).length,
    (await tables.executions.list(page)).length,
    (await tables.executions.outputLengths(numberedId('exec', 1))).stdout,
    (await tables.events.list({ limit: 100, after: 0 })).length,
    await tables.settings.get('switch'),
  ];
}
