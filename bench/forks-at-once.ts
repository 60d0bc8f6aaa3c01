import { join } from 'node:path';
import { readSavedMachine, snapshotsPath } from '../packages/server/src/adapters/drivers/qemu/saved/saved-machine.ts';
import { valueIn } from '../packages/server/src/adapters/shared/read-facts.ts';
import { awaitAnswer } from './lib/agent-answer.ts';
import type { Benchmark } from './lib/benchmark.ts';
import { restoreByHand, type SavedFiles } from './lib/hand-written-restore.ts';
import { cpuTicks, endedChildrenCpuTicks } from './lib/process-usage.ts';
import { takeTurns } from './lib/rounds.ts';
import type { BenchServer } from './lib/server.ts';
import { median } from './lib/stats.ts';
import { createVm, startWarmServer, warmTemplate } from './lib/warm-server.ts';

const FORKS = 20;
const ROUNDS = 20;
const MEMORY_MIB = 256;
const SOURCE = 'source';
const BY_HAND = `${FORKS} restored by hand, one after the other`;

/** Twenty forks of one running VM that are asked for at once, beside as many restores by hand. */
export const forksAtOnce: Benchmark = {
  name: 'forks-at-once',
  about: `${FORKS} forks of a running VM by one POST /v1/vms/{ref}/fork until each has answered true, beside a snapshot of the same VM restored ${FORKS} times by a hand-written QEMU command, one after the other, each until its agent answers; ${ROUNDS} rounds in turns, medians`,
  async run(say, { rounds }) {
    await using server = await startWarmServer({ poolCount: 0 });
    const { rootPath } = await warmTemplate(server, { memoryMib: MEMORY_MIB, say });
    await using _source = await createVm(server, SOURCE, MEMORY_MIB);
    const saved = await savedSource(server, rootPath);
    const seen: Samples = { untilAllRunMs: [], vmmS: [], serverS: [], byHandS: [] };
    const medians = await takeTurns(
      [
        { name: 'forked', run: () => timeForks(server, seen) },
        { name: BY_HAND, run: () => timeByHand(saved, seen) },
      ],
      { rounds: rounds ?? ROUNDS, say },
    );
    const of = (name: string): number => medians.get(name) ?? Number.NaN;
    return [
      {
        name: `${FORKS} forks at once`,
        value: of('forked'),
        unit: 'ms',
        reference: { name: BY_HAND, value: of(BY_HAND) },
        bound: { kind: 'at most', value: 0.8, of: 'ratio' },
      },
      {
        name: 'of that, until the last of them runs: its agent has answered, and been told who it is',
        value: median(seen.untilAllRunMs),
        unit: 'ms',
        reference: { name: BY_HAND, value: of(BY_HAND) },
      },
      {
        name: 'CPU of a VMM for each fork',
        value: median(seen.vmmS),
        unit: 's',
        reference: { name: 'by hand', value: median(seen.byHandS) },
      },
      { name: 'CPU of the server for each fork', value: median(seen.serverS), unit: 's' },
    ];
  },
};

/** What is seen besides, in each round. */
type Samples = Readonly<Record<'untilAllRunMs' | 'vmmS' | 'serverS' | 'byHandS', number[]>>;

async function savedSource({ client, dataDir }: BenchServer, rootPath: string): Promise<SavedFiles> {
  const { id, subject } = await client.snapshots.create(SOURCE);
  await client.operations.finish(id);
  const saved = valueIn(await readSavedMachine(join(snapshotsPath(dataDir), subject.id ?? '')));
  if (saved === null) throw new Error('the snapshot is not where it is kept');
  return { saved, rootPath };
}

async function timeForks(server: BenchServer, seen: Samples): Promise<number> {
  const { client, pid } = server;
  const before = cpuTicks(pid) + endedChildrenCpuTicks(pid);
  const begun = performance.now();
  let lastRunsAt = begun;
  const { items } = await client.vms.fork(SOURCE, { count: FORKS, name_prefix: 'fork' });
  const names = await Promise.all(
    items.map(async ({ vm, operation, error }) => {
      if (vm === null || operation === null) throw new Error(`a fork was refused: ${error?.message}`);
      await client.operations.finish(operation.id);
      lastRunsAt = performance.now();
      const { execution } = await client.executions.run(vm.name, { argv: ['true'] });
      if (execution.exit_code !== 0) throw new Error(`true ended with ${execution.exit_code}`);
      return vm.name;
    }),
  );
  const elapsedMs = performance.now() - begun;
  seen.untilAllRunMs.push(lastRunsAt - begun);
  seen.serverS.push((cpuTicks(pid) + endedChildrenCpuTicks(pid) - before) / 100 / FORKS);
  const vms = await Promise.all(names.map((name) => client.vms.get(name)));
  seen.vmmS.push(secondsOf(vms.map((vm) => vm.pid ?? 0)));
  const deletions = await Promise.all(names.map((name) => client.vms.delete(name)));
  await Promise.all(deletions.map(({ id }) => client.operations.finish(id)));
  return elapsedMs;
}

async function timeByHand(files: SavedFiles, seen: Samples): Promise<number> {
  await using guests = new AsyncDisposableStack();
  const pids: number[] = [];
  const begun = performance.now();
  for (let i = 0; i < FORKS; i++) {
    const guest = guests.use(restoreByHand(files));
    await awaitAnswer(await guest.connect(), files.saved.linkKeyPath);
    pids.push(guest.pid);
  }
  const elapsedMs = performance.now() - begun;
  seen.byHandS.push(secondsOf(pids));
  return elapsedMs;
}

/** Mean CPU time of these processes, seconds. */
function secondsOf(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + cpuTicks(pid), 0) / 100 / pids.length;
}
