import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createMemoryBus } from '../../adapters/bus/memory-bus.ts';
import { createManualClock, type ManualClock } from '../../adapters/shared/manual-clock.ts';
import { createSqliteStore } from '../../adapters/stores/sqlite/sqlite-store.ts';
import { createPinoLog } from '../../adapters/system/pino-log.ts';
import type { Execution } from '../../domain/execution/execution.ts';
import type { Store } from '../../ports/store.ts';
import { sampleExecution, sampleVm } from '../../ports/store-contract/samples.contract.ts';
import { createOutputRecorder, type OutputRecorder } from './output-recorder.ts';

let directory: string;
let store: Store;
let clock: ManualClock;
/** Bytes of the execution's output that the guest may forget. */
let kept: number;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'volary-recorder-'));
  store = await createSqliteStore({ path: join(directory, 'volary.db') });
  clock = createManualClock();
  kept = 0;
});
afterEach(async () => {
  await store[Symbol.asyncDispose]();
  rmSync(directory, { recursive: true });
});

async function record(isWorkload: boolean, into = store): Promise<OutputRecorder & { readonly execution: Execution }> {
  const vm = sampleVm(1);
  const execution = sampleExecution(1, vm.id, { isWorkload });
  await store.vms.insert(vm);
  await store.executions.insert(execution);
  const bus = createMemoryBus({ log: createPinoLog({ level: 'error' }) });
  const recorder = createOutputRecorder({ store: into, bus, clock }, execution, (_, offset) => {
    kept = offset;
  });
  return { ...recorder, execution };
}

const chunk = (offset: number) => ({ stream: 'stdout', offset, bytes: Buffer.from('line\n') }) as const;

it('writes what a workload says after a while at once, and what little follows together, soon after', async () => {
  const recorder = await record(true);
  await recorder.add(chunk(0));
  await clock.advance(2);
  await expect.poll(() => kept).toBe(5);

  await recorder.add(chunk(5));
  await recorder.add(chunk(10));
  await clock.advance(5);
  expect(kept).toBe(5);
  await clock.advance(1);
  await expect.poll(() => kept).toBe(15);
  const { bytes } = await store.executions.nextOutput(recorder.execution.id, 'stdout', 0, 100);
  expect(Buffer.from(bytes).toString()).toBe('line\nline\nline\n');
});

it('writes what a workload says that has much to say in batches', async () => {
  const recorder = await record(true);
  await recorder.add({ stream: 'stdout', offset: 0, bytes: Buffer.alloc(4_096, 'x') });
  await clock.advance(2);
  await expect.poll(() => kept).toBe(4_096);

  await recorder.add(chunk(4_096));
  await clock.advance(24);
  expect(kept).toBe(4_096);
  await clock.advance(1);
  await expect.poll(() => kept).toBe(4_101);
});

it('writes less often the longer a write takes', async () => {
  const slow: Store = {
    ...store,
    transaction: async (work) => {
      const result = await store.transaction(work);
      await clock.sleep(5, { signal: new AbortController().signal });
      return result;
    },
  };
  const recorder = await record(true, slow);
  await recorder.add(chunk(0));
  await clock.advance(2);
  await expect.poll(() => clock.sleeperCount).toBe(1);
  await clock.advance(5);
  await expect.poll(() => kept).toBe(5);

  await recorder.add(chunk(5));
  // Four writes of 5 ms, of which one is over.
  await clock.advance(14);
  expect(clock.sleeperCount).toBe(1);
  expect(kept).toBe(5);
  await clock.advance(1);
  await expect.poll(() => clock.sleeperCount).toBe(1);
  await clock.advance(5);
  await expect.poll(() => kept).toBe(10);
});

it('waits for the end of a command, which is often near', async () => {
  const recorder = await record(false);
  await recorder.add(chunk(0));
  await clock.advance(24);
  expect(kept).toBe(0);

  await clock.advance(1);
  await expect.poll(() => kept).toBe(5);
});
