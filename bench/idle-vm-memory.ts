import { totalmem } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Benchmark } from './lib/benchmark.ts';
import { residentMib } from './lib/process-usage.ts';
import { type BenchServer, startServer } from './lib/server.ts';
import { median, round, slope } from './lib/stats.ts';

const MOST_VMS = 500;
const STEPS = 5;
const MEMORY_MIB = 128;
/** The host promises memory to simulated VMs too. */
const LEFT_MIB = 3072;
const AT_ONCE = 10;
/** How long the server is left alone before it is looked at, and how often it is looked at. */
const REST_MS = 5_000;
const LOOKS = 5;

/** What one more VM that does nothing costs the server's memory. */
export const idleVmMemory: Benchmark = {
  name: 'idle-vm-memory',
  about: `resident memory of the server for each idle VM: the slope of a line through ${STEPS + 1} counts of simulated VMs from 0 to ${MOST_VMS} (fewer where memory is short), each ${REST_MS / 1000} s after the last was made`,
  async run(say, { limit }) {
    const room = Math.floor((totalmem() / 1024 ** 2 - LEFT_MIB) / MEMORY_MIB);
    const most = Math.min(MOST_VMS, room, limit ?? MOST_VMS);
    await using server = await startServer(['--driver', 'simulated']);
    // What the first VMs load and compile belongs to none of them.
    await create(server, 0, AT_ONCE);
    await remove(server, AT_ONCE);
    const points: { readonly x: number; readonly y: number }[] = [];
    let count = 0;
    for (let step = 0; step <= STEPS; step++) {
      const wanted = Math.round((most * step) / STEPS);
      await create(server, count, wanted);
      count = wanted;
      const mib = await rest(server.pid);
      say(`${count} VMs: ${round(mib, 1)} MiB`);
      points.push({ x: count, y: mib });
    }
    return [
      {
        name: `memory for each of ${most} idle VMs`,
        value: slope(points) * 1024,
        unit: 'KiB',
        bound: { kind: 'at most', value: 100, of: 'value' },
      },
    ];
  },
};

async function create({ client }: BenchServer, from: number, to: number): Promise<void> {
  for (let first = from; first < to; first += AT_ONCE) {
    const numbers = Array.from({ length: Math.min(AT_ONCE, to - first) }, (_, i) => first + i);
    await Promise.all(
      numbers.map(async (number) => {
        const { id } = await client.vms.create({ name: `idle-${number}`, memory_mib: MEMORY_MIB, disk_gib: 1 });
        await client.operations.finish(id);
      }),
    );
  }
}

async function remove({ client }: BenchServer, count: number): Promise<void> {
  const names = Array.from({ length: count }, (_, i) => `idle-${i}`);
  const deletions = await Promise.all(names.map((name) => client.vms.delete(name)));
  await Promise.all(deletions.map(({ id }) => client.operations.finish(id)));
}

/** Resident memory once it is quiet; the median of some looks, as garbage comes and goes. */
async function rest(pid: number): Promise<number> {
  const seen: number[] = [];
  for (let look = 0; look < LOOKS; look++) {
    await sleep(REST_MS / LOOKS);
    seen.push(residentMib(pid));
  }
  return median(seen);
}
