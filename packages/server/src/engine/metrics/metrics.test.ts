import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSimulatedDriver } from '../../adapters/drivers/simulated/simulated-driver.ts';
import { openSqliteMetrics } from '../../adapters/metrics/sqlite-metrics.ts';
import { createPinoLog } from '../../adapters/system/pino-log.ts';
import { createSystemClock } from '../../adapters/system/system-clock.ts';
import { createSystemIds } from '../../adapters/system/system-ids.ts';
import { FIGURES, figuresWith } from '../../domain/metrics/stretch.ts';
import { until } from '../../lib/testing/until.ts';
import { createDrivers } from '../drivers.ts';
import { ADMIN, createInstallation, type Installation, type TestServer } from '../installation.test-kit.ts';
import { finish, soon } from '../vm-life.test-kit.ts';
import { pruneMetrics } from './prune-metrics.ts';
import { createSampler } from './sampler.ts';

/* Time goes sixty times as fast as it is waited for, so that a minute is a second. */

const FAST = 60;
const log = createPinoLog({ level: 'error' });
const system = createSystemClock();
const beganMs = system.now();
const clock = {
  ...system,
  now: () => beganMs + (system.now() - beganMs) * FAST,
  monotonicMs: () => system.monotonicMs() * FAST,
};
let installation: Installation;

beforeEach(() => {
  installation = createInstallation({ settings: { sampleMs: 10, idleMs: 60_000 }, clock });
});
afterEach(async () => {
  await installation[Symbol.asyncDispose]();
});

async function create(server: TestServer, labels: Record<string, string>): Promise<void> {
  const { operation } = await server.engine.vms.create(ADMIN, {
    ...{ name: 'bird', spec: { vcpuCount: 2 }, labels, metadata: {}, start: true, warmStart: 'auto' },
  });
  await finish(server, operation);
}

/** Asks again and again until so much of the last minute was measured. */
async function whenCovered(server: TestServer, coveredMs: number) {
  return await until(async () => {
    const report = await server.engine.metrics.get(ADMIN, 'bird', '1m');
    return report.whole.coveredMs >= coveredMs && report;
  }, `${coveredMs} ms of the last minute that were measured`);
}

describe('what a VM uses', () => {
  it('is measured all the time while it runs, and told by its guest', async () => {
    const server = await installation.start();
    await create(server, { 'simulate.cpu_percent': '150' });

    const { whole, points, stepMs } = await whenCovered(server, 50_000);

    const { figures } = whole;
    expect(whole.cpuUsedMs / whole.coveredMs).toBeCloseTo(0.75, 1);
    expect(figures.memoryTotalBytes.amount).toBeGreaterThan(0);
    const untold = FIGURES.filter((name) => figures[name].ms !== whole.coveredMs);
    expect(untold).toEqual(['memoryHeldBytes']);
    // A simulated guest reads a block and has a packet with each tick of 10 ms.
    expect(figures.diskReads.amount).toBeCloseTo(figures.diskReadBytes.amount / 4_096);
    expect(figures.packetsSent.amount).toBeCloseTo(figures.networkSentBytes.amount / 1_500);
    expect(figures.diskReads.amount * 10).toBeCloseTo(2 * figures.cpuUserMs.amount);
    expect(points.length).toBeGreaterThan(3);
    for (const { atMs } of points) expect(atMs % stepMs).toBe(0);
  });

  it('is a gap while it does not run', async () => {
    const server = await installation.start();
    await create(server, {});
    await whenCovered(server, 20_000);
    const stopped = await server.engine.vms.stop(ADMIN, 'bird', { graceMs: 0 });
    await finish(server, stopped.operation);
    const { atMs } = await server.engine.metrics.get(ADMIN, 'bird', '1m');

    const later = await until(async () => {
      const report = await server.engine.metrics.get(ADMIN, 'bird', '5m');
      return report.atMs - atMs > 20_000 && report;
    }, 'twenty seconds in which it does not run');

    expect(later.points.filter((point) => point.atMs > atMs)).toEqual([]);
  });

  it('is what its host knows of it where no agent tells', async () => {
    const server = await installation.start();
    await create(server, { 'simulate.cpu_percent': '100' });
    const { id } = await server.engine.vms.get(ADMIN, 'bird');
    await using metrics = openSqliteMetrics(':memory:', { log });
    const drivers = createDrivers(createSimulatedDriver({ world: installation.world }), []);
    const links = { all: () => new Map() };
    const sampler = createSampler({ store: server.store, drivers, clock, log, ids: createSystemIds(), links, metrics });
    const range = { stepMs: 60_000, fromMs: 0, untilMs: Number.MAX_SAFE_INTEGER };

    await sampler.findMachines();
    const point = await until(async () => {
      await sampler.look(soon.signal);
      return (await metrics.read(id, range))[0];
    }, 'what its host knows');

    expect(point.cpuUsedMs / point.coveredMs).toBeCloseTo(0.5, 1);
    const told = FIGURES.filter((name) => point.figures[name].ms > 0);
    expect(told).toEqual([
      ...['diskReadBytes', 'diskWrittenBytes', 'diskReads', 'diskWrites'],
      ...['networkReceivedBytes', 'networkSentBytes', 'packetsReceived', 'packetsSent'],
      ...['memoryTotalBytes', 'memoryHeldBytes'],
    ]);
    expect(point.figures.diskReads.amount / point.cpuUsedMs).toBeCloseTo(0.2);
  });

  it('is forgotten with the VM', async () => {
    const server = await installation.start();
    await create(server, {});
    const { id } = await server.engine.vms.get(ADMIN, 'bird');
    await using metrics = openSqliteMetrics(':memory:', { log });
    await metrics.add([{ subject: id, endMs: clock.now(), lengthMs: 5_000, cpuUsedMs: 1, figures: figuresWith({}) }]);
    const deps = { store: server.store, clock, metrics };

    await pruneMetrics(deps);
    expect(await metrics.vms()).toEqual([id]);
    await finish(server, (await server.engine.vms.delete(ADMIN, 'bird', {})).operation);
    await pruneMetrics(deps);

    expect(await metrics.vms()).toEqual([]);
  });

  it('is for those who may see the VM', async () => {
    const server = await installation.start();
    await expect(server.engine.metrics.get(ADMIN, 'nobody', '1m')).rejects.toMatchObject({ reason: 'vm.unknown' });
  });
});
