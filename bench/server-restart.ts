import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { freemem, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { VolaryClient } from '@volary/sdk';
import { type DriverName, type ServerProcess, startServer } from '../test/chaos/server-process.ts';
import type { Benchmark, Figure } from './lib/benchmark.ts';
import { median } from './lib/stats.ts';

const ROUNDS = 5;
const SIMULATED_VMS = 200;
const REAL_VMS = 20;
const MEMORY_MIB = 128;
/** Guests that boot at the same time: more only make each other late. */
const AT_ONCE = 4;
const MIB = 1024 ** 2;
/** The host promises memory to simulated VMs too: so that it suffices for them all, each fourth is stopped. */
const isStopped = (driver: DriverName, number: number): boolean => driver === 'simulated' && number % 4 === 3;

/** How long it takes a server that was killed to take work again, with many VMs and with none. */
export const serverRestart: Benchmark = {
  name: 'server-restart',
  about: `from the start of a server that was killed until /readyz answers 200, with ${SIMULATED_VMS} simulated VMs and with ${REAL_VMS} real ones (fewer where memory is short), beside one without VMs; median of ${ROUNDS}`,
  async run(say) {
    const none = await measure('simulated', 0, say);
    const many = await measure('simulated', SIMULATED_VMS, say);
    const bare = await measure('qemu', 0, say);
    const realCount = Math.min(REAL_VMS, Math.floor(freemem() / MIB / (MEMORY_MIB + 256)));
    const real = await measure('qemu', realCount, say);
    return [...figures(`${SIMULATED_VMS} simulated VMs`, many, none), ...figures(`${realCount} real VMs`, real, bare)];
  },
};

function figures(what: string, value: number, without: number): readonly Figure[] {
  const reference = { name: 'without VMs', value: without };
  return [
    { name: `ready with ${what}`, value, unit: 'ms', reference, bound: { kind: 'at most', value: 2_000, of: 'value' } },
  ];
}

async function measure(driver: DriverName, count: number, say: (message: string) => void): Promise<number> {
  const directory = mkdtempSync(join(tmpdir(), 'volary-bench-'));
  // A virtual machine monitor runs as a user of its own, and has to get through to its run directory.
  chmodSync(directory, 0o711);
  const options = { dataDir: join(directory, 'data'), driver };
  let server = startServer(options);
  try {
    say(`${driver}: making ${count} VMs`);
    await create(await ready(server), driver, count);
    const running = Array.from({ length: count }, (_, i) => i).filter((i) => !isStopped(driver, i)).length;
    const times: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      await server.kill();
      const startedMs = performance.now();
      server = startServer(options);
      const client = await ready(server);
      times.push(performance.now() - startedMs);
      await requireVms(client, count, running);
    }
    await remove(await ready(server));
    return median(times);
  } finally {
    await server.stop();
    rmSync(directory, { recursive: true, force: true });
  }
}

async function ready(server: ServerProcess): Promise<VolaryClient> {
  const client = await server.ready();
  if (client === null) throw new Error(`the server ended at its start: ${await server.died}`);
  return client;
}

async function create(client: VolaryClient, driver: DriverName, count: number): Promise<void> {
  for (let first = 0; first < count; first += AT_ONCE) {
    const batch = Array.from({ length: Math.min(AT_ONCE, count - first) }, (_, i) => first + i);
    await Promise.all(
      batch.map(async (number) => {
        const start = !isStopped(driver, number);
        const { id } = await client.vms.create({ name: `vm-${number}`, start, memory_mib: MEMORY_MIB, disk_gib: 1 });
        await client.operations.finish(id);
      }),
    );
  }
}

/** A server that is ready and has lost a VM would be quick, and worth nothing. */
async function requireVms(client: VolaryClient, count: number, running: number): Promise<void> {
  const phases: string[] = [];
  for await (const { phase } of client.vms.listAll()) phases.push(phase);
  const found = phases.filter((phase) => phase === 'running').length;
  if (phases.length !== count || found !== running)
    throw new Error(`after the restart there are ${phases.length} of ${count} VMs, and ${found} of ${running} run`);
}

async function remove(client: VolaryClient): Promise<void> {
  for await (const { id } of client.vms.listAll()) await client.operations.finish((await client.vms.delete(id)).id);
}
