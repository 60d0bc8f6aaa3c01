import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSqliteStore } from '../packages/server/src/adapters/stores/sqlite/sqlite-store.ts';
import { KEPT_OUTPUT_BYTES } from '../packages/server/src/domain/execution/execution.ts';
import type { Store } from '../packages/server/src/ports/store.ts';
import { sampleExecution } from '../packages/server/src/ports/store-contract/samples.contract.ts';
import type { Benchmark } from './lib/benchmark.ts';
import { fillWithVms } from './lib/fill-with-vms.ts';
import { median } from './lib/stats.ts';

const ROUNDS = 200;
const PIECE_BYTES = 4_096;
const LITTLE_BYTES = 16 * PIECE_BYTES;

/** Where a workload's output is taken into the log, at its end: it must not matter how much of it is kept. */
export const nextOutput: Benchmark = {
  name: 'next-output',
  about: `the last ${PIECE_BYTES} bytes of an output of which ${KEPT_OUTPUT_BYTES / 2 ** 20} MiB are kept, beside one of which ${LITTLE_BYTES / 1_024} KiB are; median of ${ROUNDS}, taken in turns`,
  async run(say) {
    const directory = mkdtempSync(join(tmpdir(), 'volary-bench-'));
    try {
      await fillWithVms(1)(directory);
      await using store = await createSqliteStore({ path: join(directory, 'volary.db') });
      say('writing');
      const little = await writeOutput(store, 1, LITTLE_BYTES);
      const much = await writeOutput(store, 2, KEPT_OUTPUT_BYTES);
      const [ofLittle, ofMuch]: [number[], number[]] = [[], []];
      for (let round = 0; round < ROUNDS; round++) {
        ofLittle.push(await microseconds(little));
        ofMuch.push(await microseconds(much));
      }
      return [
        {
          name: 'next piece of much',
          value: median(ofMuch),
          unit: 'µs',
          reference: { name: 'of little', value: median(ofLittle) },
          bound: { kind: 'at most', value: 2, of: 'ratio' },
        },
      ];
    } finally {
      rmSync(directory, { recursive: true });
    }
  },
};

/** Returns what reads the last piece. */
async function writeOutput(store: Store, number: number, length: number): Promise<() => Promise<unknown>> {
  const [vm] = await store.vms.list({ limit: 1, after: null });
  if (vm === undefined) throw new Error('the database has no VM');
  const execution = sampleExecution(number, vm.id, { isWorkload: true });
  const bytes = new Uint8Array(PIECE_BYTES);
  await store.transaction(async ({ executions }) => {
    await executions.insert(execution);
    for (let offset = 0; offset < length; offset += PIECE_BYTES)
      await executions.appendNewest(execution.id, 'stdout', { offset, bytes, keepFrom: 0 });
  });
  return () => store.executions.nextOutput(execution.id, 'stdout', length - PIECE_BYTES, PIECE_BYTES);
}

async function microseconds(read: () => Promise<unknown>): Promise<number> {
  const startedMs = performance.now();
  await read();
  return (performance.now() - startedMs) * 1_000;
}
