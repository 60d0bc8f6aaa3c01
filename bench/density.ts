import { setTimeout as sleep } from 'node:timers/promises';
import { VolaryApiError } from '@volary/sdk';
import type { Benchmark } from './lib/benchmark.ts';
import { freePort, inspectedAt, type LiveMemory, watchLiveMemory } from './lib/live-memory.ts';
import { availableMib, proportionalMib, residentMib } from './lib/process-usage.ts';
import type { BenchServer } from './lib/server.ts';
import { median, quantile, round, slope } from './lib/stats.ts';
import { createVm, startWarmServer, warmTemplate } from './lib/warm-server.ts';

const MEMORY_MIB = 256;
const SOURCE = 'source';
const AT_ONCE = 10;
/** No more are begun after so long. */
const FILLING_MS = 5 * 60_000;
/** Admission keeps a reserve; should it fail to, the host must not go down over a benchmark. */
const KEPT_MIB = 512;
const IDLE_MS = 5_000;
/** How often the server's memory is looked at while they become more, and how long it is left alone before. */
const LOOKS = 6;
const REST_MS = 10_000;
/** Commands in each VM. */
const COMMANDS = 3;

/** How many idle forks a host holds, and how it is to work with them. */
export const density: Benchmark = {
  name: 'density',
  about: `forks of an idle ${MEMORY_MIB} MiB VM, ${AT_ONCE} at a time, until admission refuses one (or --limit VMs are there, or ${FILLING_MS / 60_000} minutes are over): how many, memory of each (PSS), and true over HTTP in all of them, one after the other`,
  async run(say, { limit }) {
    const port = await freePort();
    await using server = await startWarmServer({ poolCount: 0, env: inspectedAt(port) });
    using memoryOf = await watchLiveMemory(port);
    await warmTemplate(server, { memoryMib: MEMORY_MIB, say });
    await using source = await createVm(server, SOURCE, MEMORY_MIB);
    // What the first forks load and compile belongs to none of them.
    await removeAll(server, (await forkMore(server, { count: AT_ONCE, prefix: 'first' })).names);
    const { names, why, ofServer } = await fill(server, memoryOf, { limit: limit ?? Number.POSITIVE_INFINITY, say });
    say(`${names.length} forks: ${why}`);
    await sleep(IDLE_MS);
    const vms = await Promise.all(names.map((name) => server.client.vms.get(name)));
    const pids = [source.pid, ...vms.map(({ pid }) => pid).filter((pid) => pid !== null)];
    const memory = pids.reduce((sum, pid) => sum + proportionalMib(pid), 0) / pids.length;
    const times = await commandTimes(server, names, say);
    await removeAll(server, names);
    return [
      { name: `VMs, until ${why}`, value: pids.length, unit: 'VMs' },
      { name: 'memory of each (PSS)', value: memory, unit: 'MiB' },
      {
        name: "the server's for each, live",
        value: ofServer.live,
        unit: 'KiB',
        bound: { kind: 'at most', value: 100, of: 'value' },
      },
      { name: "the server's for each, with garbage", value: ofServer.resident, unit: 'KiB' },
      { name: 'true over HTTP, median', value: median(times), unit: 'ms' },
      { name: 'true over HTTP, p99', value: quantile(times, 0.99), unit: 'ms' },
    ];
  },
};

interface Point {
  readonly x: number;
  readonly y: number;
}

interface Filled {
  readonly names: readonly string[];
  readonly why: string;
  /** What one more takes of the server's memory, KiB: the slopes of lines through the first counts. With and without garbage. */
  readonly ofServer: { readonly resident: number; readonly live: number };
}

async function fill(
  server: BenchServer,
  memoryOf: LiveMemory,
  { limit, say }: { readonly limit: number; readonly say: (message: string) => void },
): Promise<Filled> {
  const endsAt = performance.now() + FILLING_MS;
  const names: string[] = [];
  const resident: Point[] = [];
  const live: Point[] = [];
  const filled = (why: string): Filled => ({
    ...{ names, why },
    ofServer: { resident: slope(resident) * 1024, live: slope(live) * 1024 },
  });
  for (;;) {
    if (live.length < LOOKS) {
      await sleep(REST_MS);
      resident.push({ x: names.length, y: residentMib(server.pid) });
      live.push({ x: names.length, y: await memoryOf.mib() });
      say(
        `${names.length} forks: the server has ${round(resident.at(-1)?.y ?? 0, 1)} MiB, live ${live.at(-1)?.y.toFixed(2)}`,
      );
    }
    const count = Math.min(AT_ONCE, limit - 1 - names.length);
    if (count <= 0) return filled('the limit that was given');
    if (performance.now() > endsAt) return filled(`${FILLING_MS / 60_000} minutes were over`);
    if (availableMib() < KEPT_MIB + count * MEMORY_MIB)
      return filled('the host had no memory left, and admission had not said so');
    const more = await forkMore(server, { count, prefix: `fork-${names.length}` });
    names.push(...more.names);
    say(`${names.length} forks, ${round(availableMib(), 0)} MiB available`);
    if (more.refusal !== null) return filled(`admission said ${more.refusal}`);
  }
}

/** The forks that were made, and why one was refused. */
async function forkMore(
  { client }: BenchServer,
  { count, prefix }: { readonly count: number; readonly prefix: string },
): Promise<{ readonly names: readonly string[]; readonly refusal: string | null }> {
  try {
    const { items } = await client.vms.fork(SOURCE, { count, name_prefix: prefix });
    const made = items.flatMap(({ vm, operation }) => (vm === null || operation === null ? [] : [{ vm, operation }]));
    await Promise.all(made.map(({ operation }) => client.operations.finish(operation.id)));
    const refused = items.find(({ error }) => error !== null)?.error;
    return { names: made.map(({ vm }) => vm.name), refusal: refused?.reason ?? null };
  } catch (error) {
    // All of them were refused.
    if (error instanceof VolaryApiError && error.status === 429) return { names: [], refusal: error.reason };
    throw error;
  }
}

async function commandTimes(
  { client }: BenchServer,
  names: readonly string[],
  say: (message: string) => void,
): Promise<readonly number[]> {
  const times: number[] = [];
  for (let pass = 0; pass <= COMMANDS; pass++) {
    say(pass === 0 ? 'a first command in each' : `command ${pass} of ${COMMANDS} in each`);
    for (const name of names) {
      const begun = performance.now();
      const { execution } = await client.executions.run(name, { argv: ['true'] });
      if (execution.exit_code !== 0) throw new Error(`true ended with ${execution.exit_code}`);
      // The first one in a guest is that of a cold one.
      if (pass > 0) times.push(performance.now() - begun);
    }
  }
  return times;
}

async function removeAll({ client }: BenchServer, names: readonly string[]): Promise<void> {
  for (const name of names) await client.operations.finish((await client.vms.delete(name)).id);
}
