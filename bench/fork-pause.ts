import { join } from 'node:path';
import type { Event } from '@volary/contract';
import type { Benchmark, Figure } from './lib/benchmark.ts';
import { type OutputGaps, watchOutput } from './lib/output-gaps.ts';
import { privateGuestMib } from './lib/process-usage.ts';
import type { BenchServer } from './lib/server.ts';
import { median } from './lib/stats.ts';
import { type VmmHalts, watchHalts } from './lib/vmm-halts.ts';
import { createVm, startWarmServer, warmTemplate } from './lib/warm-server.ts';

const ROUNDS = 20;
const MEMORY_MIB = 512;
const SOURCE = 'source';
/** Written by the guest before the second row of rounds, so that it has more memory of its own. */
const WRITTEN_MIB = 128;

interface Pauses {
  readonly haltedMs: number[];
  readonly allowedMs: number[];
  readonly reportedMs: number[];
  readonly gapMs: number[];
  readonly privateMib: number[];
}

/** How long a guest stands still while it is forked. */
export const forkPause: Benchmark = {
  name: 'fork-pause',
  about: `how long the processor of a running ${MEMORY_MIB} MiB VM stands while it is forked, as QEMU tells on a monitor of the benchmark's own (a guest's clocks stand as well), beside 60 ms + 15 ms for each 10 MiB that are its own; what the server reports, and the longest gap in what a command in the guest writes without end, for comparison; ${ROUNDS} rounds, medians`,
  async run(say, { rounds }) {
    await using server = await startWarmServer({ poolCount: 0 });
    await warmTemplate(server, { memoryMib: MEMORY_MIB, say });
    await using source = await createVm(server, SOURCE, MEMORY_MIB);
    const { id } = await server.client.vms.get(SOURCE);
    using halts = await watchHalts(join(server.dataDir, 'vms', id, 'run/rescue.sock'));
    await using gaps = await watchOutput(server, SOURCE);
    const watched: Watched = { server, halts, gaps, pid: source.pid };
    const many = { rounds: rounds ?? ROUNDS, say };
    const asItBegan = await measure(watched, many);
    say(`the guest writes ${WRITTEN_MIB} MiB`);
    const fill = `mkdir -p /tmp/own && mount -t tmpfs own /tmp/own && head -c ${WRITTEN_MIB}M /dev/zero | tr '\\0' x > /tmp/own/x`;
    const { execution } = await server.client.executions.run(SOURCE, { argv: ['sh', '-c', fill] });
    if (execution.exit_code !== 0) throw new Error('the guest could not write to its memory');
    const filled = await measure(watched, many);
    return [...figuresOf(asItBegan, say), ...figuresOf(filled, say)];
  },
};

interface Watched {
  readonly server: BenchServer;
  readonly halts: VmmHalts;
  readonly gaps: OutputGaps;
  readonly pid: number;
}

async function measure(
  { server, halts, gaps, pid }: Watched,
  { rounds, say }: { readonly rounds: number; readonly say: (message: string) => void },
): Promise<Pauses> {
  const pauses: Pauses = { haltedMs: [], allowedMs: [], reportedMs: [], gapMs: [], privateMib: [] };
  for (let round = 0; round <= rounds; round++) {
    await gaps.untilItFlows();
    gaps.takeLongestMs();
    const reportedMs = await fork(server);
    const seen = { haltedMs: halts.takeMs(), gapMs: gaps.takeLongestMs(), privateMib: privateGuestMib(pid) };
    say(`round ${round} of ${rounds}: ${JSON.stringify({ ...seen, reportedMs })}`);
    // The first one translates and loads what the later ones have.
    if (round === 0) continue;
    pauses.haltedMs.push(seen.haltedMs);
    pauses.gapMs.push(seen.gapMs);
    pauses.reportedMs.push(reportedMs);
    pauses.privateMib.push(seen.privateMib);
    pauses.allowedMs.push(60 + 1.5 * seen.privateMib);
  }
  return pauses;
}

/** Forks once, removes the fork, and answers how long the server says that the source was halted. */
async function fork({ client }: BenchServer): Promise<number> {
  const { operation, items } = await client.vms.fork(SOURCE, { count: 1 });
  const [item] = items;
  if (item?.vm == null || item.operation === null) throw new Error(`the fork was refused: ${item?.error?.message}`);
  await client.operations.finish(item.operation.id);
  await client.operations.finish((await client.vms.delete(item.vm.id)).id);
  for await (const { subject, data } of saved(client)) {
    const reported = data['halted_ms'];
    if (subject === operation.subject.id && typeof reported === 'number') return reported;
  }
  throw new Error('the server does not say how long it halted the VM');
}

/** All events that tell that a VM was saved. */
async function* saved(client: BenchServer['client']): AsyncIterable<Event> {
  for (let after = 0; ; ) {
    const { items, next_cursor } = await client.events.list({ types: ['snapshot.ready'], after });
    yield* items;
    if (next_cursor === null || items.length === 0) return;
    after = Number(next_cursor);
  }
}

function figuresOf(pauses: Pauses, say: (message: string) => void): readonly Figure[] {
  const own = `${Math.round(median(pauses.privateMib))} MiB of its own`;
  say(`with ${own}`);
  const reference = { name: '60 ms + 15 ms for each 10 MiB', value: median(pauses.allowedMs) };
  return [
    {
      name: `pause with ${own}`,
      value: median(pauses.haltedMs),
      unit: 'ms',
      reference,
      bound: { kind: 'at most', value: 1, of: 'ratio' },
    },
    { name: `pause with ${own}, as reported`, value: median(pauses.reportedMs), unit: 'ms' },
    { name: `longest gap in output with ${own}`, value: median(pauses.gapMs), unit: 'ms' },
  ];
}
