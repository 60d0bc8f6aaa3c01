import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openSqliteMetrics } from '../../adapters/metrics/sqlite-metrics.ts';
import { createManualClock, type ManualClock } from '../../adapters/shared/manual-clock.ts';
import { createPinoLog } from '../../adapters/system/pino-log.ts';
import { type HostId, parseId } from '../../domain/ids.ts';
import { mapFigures } from '../../domain/metrics/stretch.ts';
import { amountOf, type MetricPoint } from '../../domain/metrics/view.ts';
import type { HostReading } from '../../ports/host-meter.ts';
import type { MetricStore } from '../../ports/metric-store.ts';
import { createHostSampler, type HostSampler } from './host-sampler.ts';

const HOST = hostId('host_01k8x0y6pbfqz9v3n4h5j6k7m8');
const STEP_MS = 5_000;
const NOON = 500_000 * 900_000;
const IDLE = { user: 0, nice: 0, system: 0, idle: 0, iowait: 0, irq: 0, softirq: 0, steal: 0 };
const GIB = 1024 ** 3;

let clock: ManualClock;
let metrics: MetricStore;
let sampler: HostSampler;
/** What the kernel of this host says now. */
let host: HostReading;

function hostId(text: string): HostId {
  const id = parseId('host', text);
  if (id === null) throw new TypeError(`${text} is no id of a host`);
  return id;
}

function begin(): HostSampler {
  return createHostSampler({ clock, metrics, hostMeter: { readHost: async () => host } }, { hostId: HOST });
}

beforeEach(() => {
  clock = createManualClock({ startsAt: NOON });
  metrics = openSqliteMetrics(':memory:', { log: createPinoLog({ level: 'error' }) });
  host = {
    cpuMs: IDLE,
    memory: { sizeBytes: 8 * GIB, availableBytes: 6 * GIB, freeBytes: 2 * GIB, cachedBytes: 4 * GIB },
    dataDisk: { sizeBytes: 100 * GIB, availableBytes: 75 * GIB },
    dataDevice: { readBytes: 0, writtenBytes: 0, reads: 0, writes: 0 },
    networks: [network('ens3', 0)],
  };
  sampler = begin();
});
afterEach(() => metrics[Symbol.asyncDispose]());

function network(device: string, bytes: number): HostReading['networks'][number] {
  return { device, receivedBytes: bytes, sentBytes: bytes, receivedPackets: bytes / 100, sentPackets: bytes / 100 };
}

/** A step passes in which four processors do so much, milliseconds, and the rest nothing. */
async function pass(busy: Partial<typeof IDLE>, other: Partial<HostReading> = {}, ms = STEP_MS): Promise<void> {
  await sampler.look();
  await clock.advance(ms);
  const did = Object.values(busy).reduce((sum, each) => sum + each, 0);
  const before = host.cpuMs ?? IDLE;
  const cpuMs = { ...before, idle: before.idle + 4 * ms - did };
  for (const mode of ['user', 'nice', 'system', 'iowait', 'softirq', 'steal'] as const) cpuMs[mode] += busy[mode] ?? 0;
  host = { ...host, cpuMs, ...other };
  await sampler.look();
}

async function points() {
  return await metrics.read(HOST, { stepMs: STEP_MS, fromMs: 0, untilMs: Number.MAX_SAFE_INTEGER });
}

/** Of each figure, null where nobody told it. */
function amounts(point: MetricPoint | undefined) {
  return point && mapFigures((name) => amountOf(point.figures[name]));
}

describe('what a host does', () => {
  it('is a share of all its processors, however many they are', async () => {
    await pass({ user: 4_000, nice: 1_000, system: 3_000, softirq: 2_000, iowait: 1_000, steal: 500 });

    const [point] = await points();

    expect(point).toMatchObject({ coveredMs: STEP_MS, cpuUsedMs: STEP_MS / 2 });
    expect(amounts(point)).toMatchObject({ cpuUserMs: 1_250, cpuSystemMs: 1_250, cpuIowaitMs: 250, cpuStealMs: 125 });
  });

  it('is what its disk and its devices did, and how full memory and disk were', async () => {
    const networks = [network('ens3', 1_000)];
    await pass({}, { networks, dataDevice: { readBytes: 512, writtenBytes: 4_096, reads: 1, writes: 2 } });

    const [point] = await points();

    expect(amounts(point)).toMatchObject({
      ...{ networkReceivedBytes: 1_000, networkSentBytes: 1_000, packetsReceived: 10, packetsSent: 10 },
      ...{ diskReadBytes: 512, diskWrittenBytes: 4_096, diskReads: 1, diskWrites: 2 },
      ...{ memoryTotalBytes: 8 * GIB, memoryUsedBytes: 2 * GIB, memoryFreeBytes: 2 * GIB },
      ...{ memoryCachedBytes: 4 * GIB, diskTotalBytes: 100 * GIB, diskUsedBytes: 25 * GIB },
    });
  });

  it('has nothing of what its kernel does not tell, and nobody may know', async () => {
    host = { ...host, dataDevice: null, memory: null, dataDisk: null };
    await pass({ user: 1_000 });

    const told = amounts((await points())[0]);
    const unknown = { diskReads: null, diskReadBytes: null, memoryUsedBytes: null, memoryTotalBytes: null };
    expect(told).toMatchObject({ ...unknown, diskUsedBytes: null, processCount: null, memoryHeldBytes: null });
    expect(told).toMatchObject({ cpuUserMs: 250, packetsReceived: 0 });
  });

  it.each<[string, Partial<HostReading>, number]>([
    ['a device that came, which has counted before', { networks: [network('ens3', 0), network('wg0', 1e9)] }, STEP_MS],
    ['a device that counts anew', { networks: [network('ens3', -1)] }, STEP_MS],
    ['a long time without a look', {}, 60_000],
    ['a kernel that does not tell', { cpuMs: null }, STEP_MS],
  ])('is a gap: %s', async (_, other, ms) => {
    await pass({ user: 1_000 }, other, ms);
    expect(await points()).toEqual([]);
  });

  it('is no gap where the kernel takes back what it counted as waiting for disks', async () => {
    await pass({ iowait: 2_000 });
    await pass({ user: 10_000, iowait: -500 });

    const found = await points();
    expect(found.map(({ coveredMs }) => coveredMs)).toEqual([STEP_MS, STEP_MS]);
    expect(found[1]?.cpuUsedMs).toBe(STEP_MS / 2);
    expect(amounts(found[1])).toMatchObject({ cpuUserMs: 2_500, cpuIowaitMs: 0 });
  });

  it('is measured when it is its turn, and goes on after a gap', async () => {
    await pass({ user: 1_000 }, { cpuMs: null });
    for (let second = 0; second < 15; second++) {
      await clock.advance(1_000);
      host = { ...host, cpuMs: { ...IDLE, idle: (second + 100) * 4_000 } };
      await sampler.look();
    }

    expect((await points()).map(({ coveredMs }) => coveredMs)).toEqual([STEP_MS, STEP_MS]);
  });

  it('is a gap while no server runs', async () => {
    await pass({ user: 1_000 });
    sampler = begin();
    await clock.advance(STEP_MS);
    await pass({ user: 1_000 });

    expect((await points()).map(({ atMs }) => atMs - NOON)).toEqual([0, 2 * STEP_MS]);
  });
});
