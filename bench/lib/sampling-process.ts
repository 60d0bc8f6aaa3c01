/**
 * What measures VMs, with real links to so many real agents and the file that it writes into: `sampling-process.ts REST_MS SAMPLE_MS ROUNDS FILE SOCKET…`.
 * Rests and measures in turns, as the server does each second (without rounds: rests), and prints what it took as JSON.
 */
import { hash, randomBytes } from 'node:crypto';
import { createConnection } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { createSimulatedDriver } from '../../packages/server/src/adapters/drivers/simulated/simulated-driver.ts';
import { createSimulatedWorld } from '../../packages/server/src/adapters/drivers/simulated/simulated-world.ts';
import { createAgentLink } from '../../packages/server/src/adapters/guest-links/agent/agent-link.ts';
import { openSqliteMetrics } from '../../packages/server/src/adapters/metrics/sqlite-metrics.ts';
import { createSqliteStore } from '../../packages/server/src/adapters/stores/sqlite/sqlite-store.ts';
import { createPinoLog } from '../../packages/server/src/adapters/system/pino-log.ts';
import { createSystemClock } from '../../packages/server/src/adapters/system/system-clock.ts';
import { createSystemIds } from '../../packages/server/src/adapters/system/system-ids.ts';
import type { VmId } from '../../packages/server/src/domain/ids.ts';
import { createDrivers } from '../../packages/server/src/engine/drivers.ts';
import { createSampler } from '../../packages/server/src/engine/metrics/sampler.ts';
import type { GuestLink } from '../../packages/server/src/ports/guest-link.ts';
import { sampleVm } from '../../packages/server/src/ports/store-contract/samples.contract.ts';

/** What was taken by resting and by measuring; memory with whatever garbage there is at the end. */
export interface SamplingReport {
  readonly restCpuPercent: readonly number[];
  readonly sampleCpuPercent: readonly number[];
  readonly residentMib: number;
  readonly pointCount: number;
}

/** How often the server has it look, milliseconds. */
const LOOK_MS = 1_000;

const [restMs = 0, sampleMs = 0, rounds = 0] = process.argv.slice(2, 5).map(Number);
const [file = '', ...sockets] = process.argv.slice(5);
const { signal } = new AbortController();
const clock = createSystemClock();
const ids = createSystemIds();
const log = createPinoLog({ level: 'warn' });
const all = new Map<VmId, GuestLink>();
for (const path of sockets) {
  const openTransport = async () => createConnection(path);
  // An agent listens to the key that it was told first, also when another process asks.
  const linkKey = hash('md5', path, 'buffer');
  all.set(ids.create('vm'), await createAgentLink({ clock, log, randomBytes }, { openTransport, linkKey, signal }));
}
await using metrics = openSqliteMetrics(file, { log });
await using store = await createSqliteStore({ path: `${file}.vms` });
for (const [index, id] of [...all.keys()].entries()) await store.vms.insert(sampleVm(index, { id }));
const drivers = createDrivers(createSimulatedDriver({ world: createSimulatedWorld({ clock }) }), []);
const sampler = createSampler({ store, drivers, clock, ids, log, links: { all: () => all }, metrics });

/** Percent of a processor while this goes on. */
async function cpuPercent(durationMs: number, isMeasuring: boolean): Promise<number> {
  const began = { atMs: performance.now(), cpu: process.cpuUsage() };
  while (performance.now() - began.atMs < durationMs) {
    if (isMeasuring) await sampler.look(signal);
    await sleep(LOOK_MS);
  }
  const { user, system } = process.cpuUsage(began.cpu);
  return (user + system) / 10 / (performance.now() - began.atMs);
}

function residentMib(): number {
  return process.memoryUsage.rss() / 1024 ** 2;
}

// What is loaded and compiled by the first looks is not what it takes to go on.
await cpuPercent(restMs, false);
if (rounds > 0) await cpuPercent(sampleMs / 2, true);
const restCpuPercent: number[] = [];
const sampleCpuPercent: number[] = [];
for (let round = 0; round < rounds; round++) {
  restCpuPercent.push(await cpuPercent(restMs, false));
  sampleCpuPercent.push(await cpuPercent(sampleMs, true));
}
const points = await Promise.all(
  [...all.keys()].map((vmId) => metrics.read(vmId, { stepMs: 5_000, fromMs: 0, untilMs: Number.MAX_SAFE_INTEGER })),
);
const pointCount = points.reduce((sum, { length }) => sum + length, 0);
const report: SamplingReport = { restCpuPercent, sampleCpuPercent, residentMib: residentMib(), pointCount };
process.stdout.write(`${JSON.stringify(report)}\n`);
await Promise.all([...all.values()].map((link) => link[Symbol.asyncDispose]()));
