import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSqliteStore } from '../packages/server/src/adapters/stores/sqlite/sqlite-store.ts';
import type { Vm } from '../packages/server/src/domain/vm/vm.ts';
import type { Store } from '../packages/server/src/ports/store.ts';
import type { Benchmark } from './lib/benchmark.ts';
import { fillWithVms } from './lib/fill-with-vms.ts';
import { median } from './lib/stats.ts';
import { countCommits } from './lib/wal-commits.ts';

const ROUNDS = 7;
const CHANGES = 1_000;
/** So few that the log is not reset while they are counted. */
const COUNTED = 50;

type Change = (store: Store, vm: Vm) => Promise<void>;

const alone: Change = (store, vm) => store.transaction(({ vms }) => vms.update(vm));
const withEvent: Change = (store, vm) =>
  store.transaction(async ({ vms, events }) => {
    await vms.update(vm);
    await events.append([eventOf(vm)]);
  });
const apart: Change = async (store, vm) => {
  await alone(store, vm);
  await store.events.append([eventOf(vm)]);
};

/** What an event costs beside the change that it tells of. */
export const eventAppend: Benchmark = {
  name: 'event-append',
  about: `an update of a VM's row with its event, beside the update alone and beside both in transactions of their own; median of ${ROUNDS} rounds of ${CHANGES}, taken in turns`,
  async run(say) {
    const together: number[] = [];
    const bare: number[] = [];
    const separate: number[] = [];
    await withStore(async (store) => {
      for (let round = 1; round <= ROUNDS; round++) {
        say(`round ${round} of ${ROUNDS}`);
        bare.push(await microseconds(store, alone));
        together.push(await microseconds(store, withEvent));
        separate.push(await microseconds(store, apart));
      }
    });
    return [
      {
        name: 'commits for a change with its event',
        value: await commitsOf(withEvent),
        unit: 'commits',
        reference: { name: 'the change alone', value: await commitsOf(alone) },
        bound: { kind: 'at most', value: 1, of: 'value' },
      },
      {
        name: 'change with its event',
        value: median(together),
        unit: 'µs',
        reference: { name: 'the change alone', value: median(bare) },
        bound: { kind: 'at most', value: 3, of: 'ratio' },
      },
      {
        name: 'change with its event',
        value: median(together),
        unit: 'µs',
        reference: { name: 'both in transactions of their own', value: median(separate) },
        bound: { kind: 'at most', value: 1, of: 'ratio' },
      },
    ];
  },
};

function eventOf(vm: Vm) {
  return {
    type: 'vm.updated',
    at: vm.updatedAt,
    subject: vm.id,
    vmId: vm.id,
    owner: vm.owner,
    operationId: null,
    data: { name: vm.name, revision: vm.revision },
  } as const;
}

async function withStore<T>(work: (store: Store, path: string) => Promise<T>): Promise<T> {
  const directory = mkdtempSync(join(tmpdir(), 'volary-bench-'));
  try {
    await fillWithVms(1)(directory);
    const path = join(directory, 'volary.db');
    await using store = await createSqliteStore({ path });
    return await work(store, path);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

async function change(store: Store, count: number, apply: Change): Promise<void> {
  const [first] = await store.vms.list({ limit: 1, after: null });
  if (first === undefined) throw new Error('the database has no VM');
  for (let i = 1; i <= count; i++) await apply(store, { ...first, revision: first.revision + i });
}

async function microseconds(store: Store, apply: Change): Promise<number> {
  const startedMs = performance.now();
  await change(store, CHANGES, apply);
  return ((performance.now() - startedMs) * 1_000) / CHANGES;
}

async function commitsOf(apply: Change): Promise<number> {
  return await withStore(async (store, path) => {
    const before = countCommits(`${path}-wal`);
    await change(store, COUNTED, apply);
    return (countCommits(`${path}-wal`) - before) / COUNTED;
  });
}
