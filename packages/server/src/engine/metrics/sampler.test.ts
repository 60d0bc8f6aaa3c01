import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSimulatedDriver } from '../../adapters/drivers/simulated/simulated-driver.ts';
import { createSimulatedWorld } from '../../adapters/drivers/simulated/simulated-world.ts';
import { openSqliteMetrics } from '../../adapters/metrics/sqlite-metrics.ts';
import { createManualClock, type ManualClock } from '../../adapters/shared/manual-clock.ts';
import { createSqliteStore } from '../../adapters/stores/sqlite/sqlite-store.ts';
import { createPinoLog } from '../../adapters/system/pino-log.ts';
import { VolaryError } from '../../domain/errors.ts';
import type { VmId } from '../../domain/ids.ts';
import { together } from '../../domain/metrics/view.ts';
import { noGrowth } from '../../domain/vm/machine-shape.ts';
import type { Driver } from '../../ports/driver.ts';
import type { GuestLink, GuestStats } from '../../ports/guest-link.ts';
import type { MetricStore } from '../../ports/metric-store.ts';
import type { Store, Tables } from '../../ports/store.ts';
import { sampleVm } from '../../ports/store-contract/samples.contract.ts';
import { createDrivers } from '../drivers.ts';
import { createSampler, type Sampler } from './sampler.ts';

/* Many guests over minutes, with links that answer as the test says, while a clock is stepped. */

type Link = Pick<GuestLink, 'stats'>;

const NOON = 500_000 * 900_000;
const TEN_MINUTES_MS = 600_000;
const log = createPinoLog({ level: 'error' });
let directory: string;
let clock: ManualClock;
let store: Store;
let metrics: MetricStore;
let links: Map<VmId, Link>;
/** When which guest was asked, by the clock of the test. */
let asked: Map<VmId, number[]>;
/** What is drawn next; the middle of all chances unless a test says otherwise. */
let random: () => number;
let stopping: AbortController;

beforeEach(async () => {
  clock = createManualClock({ startsAt: NOON });
  directory = mkdtempSync(join(tmpdir(), 'volary-sampler-'));
  store = await createSqliteStore({ path: join(directory, 'volary.db') });
  metrics = openSqliteMetrics(':memory:', { log });
  [links, asked, stopping, random] = [new Map(), new Map(), new AbortController(), () => 0.5];
});
afterEach(async () => {
  await metrics[Symbol.asyncDispose]();
  await store[Symbol.asyncDispose]();
  rmSync(directory, { recursive: true });
});

/** Half of one processor is busy since the guest's boot, which was when the test began. */
function statsNow(): GuestStats {
  const uptimeMs = clock.monotonicMs();
  return {
    uptimeMs,
    cpuTicks: { used: uptimeMs / 20, user: uptimeMs / 20, system: 0, idle: uptimeMs / 20, iowait: 0, steal: 0 },
    memoryBytes: { total: 100, free: 10, available: 50, cached: 40 },
    ...{ diskBytes: { total: 10, free: 1 }, diskTransferBytes: null, diskOperations: null },
    ...{ networkBytes: { received: 0, sent: 0 }, networkPackets: null, processCount: 1, loadAverage: [0, 0, 0] },
  };
}

/** Never answers; fails when it is called off. */
function silence(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}

/** A VM that runs, with a guest that answers so. */
async function addVm(
  number: number,
  stats: Link['stats'] = async () => statsNow(),
  tables: Pick<Tables, 'vms'> = store,
): Promise<VmId> {
  const vm = sampleVm(number);
  await tables.vms.insert(vm);
  asked.set(vm.id, []);
  links.set(vm.id, {
    stats: (options) => {
      asked.get(vm.id)?.push(clock.monotonicMs());
      return stats(options);
    },
  });
  return vm.id;
}

/** A driver whose machines all are a quarter of a processor busy, and of which it is known what they send. */
function surveying(): Driver {
  const driver = createSimulatedDriver({ world: createSimulatedWorld({ clock }) });
  return {
    ...driver,
    surveyMachine: async () => {
      const uptimeMs = clock.monotonicMs();
      const unknown = { diskTransferBytes: null, diskOperations: null, networkPackets: null };
      const networkBytes = { received: 0, sent: uptimeMs };
      return { uptimeMs, cpuMs: uptimeMs / 4, heldBytes: 70, networkBytes, ...unknown };
    },
  };
}

function begin(driver: Driver = createSimulatedDriver({ world: createSimulatedWorld({ clock }) })): Sampler {
  const drivers = createDrivers(driver, []);
  return createSampler({
    ...{ store, drivers, clock, log, metrics },
    ...{ ids: { random: () => random() }, links: { all: () => links } },
  });
}

/** As the server has it look, for so long; each second takes a little longer than one. */
async function lookFor(sampler: Sampler, durationMs: number): Promise<void> {
  for (const untilMs = clock.monotonicMs() + durationMs; clock.monotonicMs() < untilMs; ) {
    await sampler.look(stopping.signal);
    await clock.advance(1_001);
  }
}

async function coveredMs(vmId: VmId): Promise<number> {
  const points = await metrics.read(vmId, { stepMs: 5_000, fromMs: 0, untilMs: Number.MAX_SAFE_INTEGER });
  return together(points, 0).coveredMs;
}

async function everyoneIsCovered(vmIds: readonly VmId[], ms: number): Promise<void> {
  const covered = await Promise.all(vmIds.map(coveredMs));
  expect(Math.min(...covered)).toBeGreaterThan(ms - 20_000);
}

describe('who is measured', () => {
  it('is measured all the time, whoever else is silent', async () => {
    const silent = ({ signal }: { readonly signal: AbortSignal }) => silence(signal);
    for (let number = 0; number < 5; number++) await addVm(number, silent);
    const answering: VmId[] = [];
    for (let number = 5; number < 20; number++) answering.push(await addVm(number));
    const sampler = begin();

    await lookFor(sampler, TEN_MINUTES_MS);
    await sampler.settled();

    await everyoneIsCovered(answering, TEN_MINUTES_MS);
    expect(sampler.latest().size).toBe(answering.length);
  });

  it('is measured all the time, whatever an engine takes over the machine of another', async () => {
    const hung = sampleVm(1);
    await store.vms.insert(hung);
    const guest = await addVm(2);
    const driver = createSimulatedDriver({ world: createSimulatedWorld({ clock }) });
    let callCount = 0;
    const surveyMachine: Driver['surveyMachine'] = (_, { signal }) => {
      callCount += 1;
      return silence(signal);
    };
    const sampler = begin({ ...driver, surveyMachine });
    await sampler.findMachines();

    await lookFor(sampler, 60_000);
    await sampler.settled();

    await everyoneIsCovered([guest], 60_000);
    expect(callCount).toBeGreaterThan(10);
  });

  it('is asked one thing at a time, however long the answer takes', async () => {
    let underWay = 0;
    let most = 0;
    await addVm(1, async () => {
      underWay += 1;
      most = Math.max(most, underWay);
      await clock.sleep(12_000, { signal: new AbortController().signal });
      underWay -= 1;
      throw new VolaryError('unavailable', 'It was away.', { reason: 'guest.link_lost' });
    });
    const sampler = begin();

    await lookFor(sampler, 60_000);

    expect(most).toBe(1);
    await clock.advance(12_000);
    await sampler.settled();
  });

  it('is who runs: one that is paused is not asked until it goes on', async () => {
    const vmId = await addVm(1);
    const sampler = begin();
    await lookFor(sampler, 20_000);
    const vm = await store.vms.get(vmId);
    if (vm === null) throw new TypeError('the VM is gone');
    await store.vms.update({ ...vm, revision: 2, status: { phase: 'paused', since: clock.now() } });
    const askedBefore = [...(asked.get(vmId) ?? [])];

    await lookFor(sampler, 60_000);
    expect(asked.get(vmId)).toEqual(askedBefore);
    expect(sampler.latest().size).toBe(0);

    await store.vms.update({ ...vm, revision: 3 });
    await lookFor(sampler, 20_000);
    expect(sampler.latest().size).toBe(1);
  });

  it('is asked every five seconds, now a little earlier, now a little later', async () => {
    const draws = [0, 0.999, 0.5];
    let drawn = 0;
    random = () => draws[drawn++ % draws.length] ?? 0.5;
    const vmId = await addVm(1);

    await lookFor(begin(), 60_000);

    const moments = asked.get(vmId) ?? [];
    const seconds = moments.slice(1).map((atMs, index) => Math.round((atMs - (moments[index] ?? 0)) / 1_000));
    expect(seconds.slice(0, 6)).toEqual([4, 6, 5, 4, 6, 5]);
  });

  it('is asked in turns when there are many', async () => {
    let drawn = 0;
    random = () => (drawn++ * 0.618) % 1;
    const vmIds: VmId[] = [];
    await store.transaction(async (tables) => {
      for (let number = 0; number < 510; number++) vmIds.push(await addVm(number, async () => statsNow(), tables));
    });
    const sampler = begin();

    await lookFor(sampler, 60_000);
    await sampler.settled();

    await everyoneIsCovered(vmIds, 60_000);
    const perSecond = new Map<number, number>();
    for (const atMs of [...asked.values()].flat()) perSecond.set(atMs, (perSecond.get(atMs) ?? 0) + 1);
    expect(Math.max(...perSecond.values())).toBeLessThanOrEqual(125);
  });
});

describe('what is told of a guest', () => {
  it('is a share of the processors that its machine had then, whatever it is to have or has later', async () => {
    const vmId = await addVm(1);
    const size = { vcpuCount: 4, memoryMib: 256, diskGib: 8 };
    const told = { name: 'vm-1', networkMode: 'user', workload: null, healthCheck: null } as const;
    const machine = { ...size, ...told, growth: noGrowth(size) };
    const vm = sampleVm(1);
    // It is to have one from its next start on.
    await store.vms.update({ ...vm, revision: 2, spec: { ...vm.spec, vcpuCount: 1 }, machine });
    const sampler = begin();
    await lookFor(sampler, 60_000);
    await store.vms.update({ ...vm, revision: 3, machine: { ...machine, vcpuCount: 1 } });
    await lookFor(sampler, 60_000);
    await sampler.settled();

    const points = await metrics.read(vmId, { stepMs: 5_000, fromMs: 0, untilMs: Number.MAX_SAFE_INTEGER });
    const shares = points.map(({ cpuUsedMs, coveredMs }) => (cpuUsedMs / coveredMs).toFixed(3));
    expect([...new Set(shares)]).toEqual(['0.125', '0.500']);
  });

  it('has no gap, and no counter that falls, where its kernel takes back what waited for disks', async () => {
    const waited = [0, 100, 300, 250, 250, 400];
    let answers = 0;
    const vmId = await addVm(1, async () => {
      const stats = statsNow();
      return { ...stats, cpuTicks: { ...stats.cpuTicks, iowait: waited[answers++] ?? 500 } };
    });
    const sampler = begin();
    const told: (number | null | undefined)[] = [];
    while (answers < waited.length) {
      await lookFor(sampler, 1_000);
      told.push(sampler.latest().get(vmId)?.reading.figures.cpuIowaitMs);
    }
    await sampler.settled();

    expect([...new Set(told)]).toEqual([0, 1_000, 3_000, 4_000]);
    const [minute] = await metrics.read(vmId, { stepMs: 60_000, fromMs: 0, untilMs: Number.MAX_SAFE_INTEGER });
    expect(minute?.coveredMs).toBeGreaterThan(24_000);
    expect(minute?.figures.cpuIowaitMs.amount).toBeCloseTo(4_000);
  });
});

describe('a guest that falls silent', () => {
  /** Answers until it is told not to. */
  function answering() {
    const guest = {
      isSilent: false,
      stats: async ({ signal }: { readonly signal: AbortSignal }) =>
        guest.isSilent ? await silence(signal) : statsNow(),
    };
    return guest;
  }

  async function points(vmId: VmId) {
    return await metrics.read(vmId, { stepMs: 5_000, fromMs: 0, untilMs: Number.MAX_SAFE_INTEGER });
  }

  it('is measured from outside until it answers again, with a gap between what the two tell', async () => {
    const guest = answering();
    const vmId = await addVm(1, guest.stats);
    const sampler = begin(surveying());
    await lookFor(sampler, 60_000);
    guest.isSilent = true;
    await lookFor(sampler, 60_000);
    const outside = sampler.latest().get(vmId)?.reading;
    guest.isSilent = false;
    await lookFor(sampler, 60_000);
    await sampler.settled();

    expect(outside).toMatchObject({ teller: 'monitor', figures: { memoryHeldBytes: 70, memoryUsedBytes: null } });
    expect(sampler.latest().get(vmId)?.reading).toMatchObject({ teller: 'itself', figures: { memoryUsedBytes: 50 } });
    const whole = together(await points(vmId), NOON);
    expect(whole.coveredMs).toBeLessThan(180_000 - 2 * 5_000);
    expect(whole.coveredMs).toBeGreaterThan(180_000 - 5 * 7_000);
    // Each of the two has told of its own time alone, and nobody of any time twice.
    const [byGuest, byMonitor] = [whole.figures.memoryUsedBytes, whole.figures.memoryHeldBytes];
    expect(byGuest.ms + byMonitor.ms).toBeCloseTo(whole.coveredMs);
    expect([byGuest.amount, byMonitor.amount]).toEqual([50, 70]);
    expect(whole.cpuUsedMs).toBeCloseTo(byGuest.ms / 2 + byMonitor.ms / 4);
    expect(whole.figures.networkSentBytes.amount).toBeCloseTo(byMonitor.ms);
  });

  it('has no gap where a single answer is missing', async () => {
    const guest = answering();
    const vmId = await addVm(1, guest.stats);
    const sampler = begin(surveying());
    const tellers = new Set<string | undefined>();
    for (let minute = 0; minute < 5; minute++) {
      guest.isSilent = true;
      await lookFor(sampler, 5_000);
      guest.isSilent = false;
      await lookFor(sampler, 15_000);
      tellers.add(sampler.latest().get(vmId)?.reading.teller);
    }
    await sampler.settled();

    expect([...tellers]).toEqual(['itself']);
    const whole = together(await points(vmId), NOON);
    expect(whole.figures.memoryHeldBytes.ms).toBe(0);
    expect(whole.coveredMs).toBeGreaterThan(80_000);
    expect(whole.coveredMs).toBeLessThanOrEqual(clock.monotonicMs());
  });

  it('is a gap where nobody outside knows of its machine either', async () => {
    const guest = answering();
    const vmId = await addVm(1, guest.stats);
    const sampler = begin();
    guest.isSilent = true;
    await lookFor(sampler, 30_000);
    await sampler.settled();

    expect(await points(vmId)).toEqual([]);
    expect(sampler.latest().size).toBe(0);
  });
});

describe('a link that closes and opens again', () => {
  async function iowaitAfter(incarnation: number): Promise<number | null | undefined> {
    let iowait = 300;
    const vmId = await addVm(1, async () => {
      const stats = statsNow();
      return { ...stats, cpuTicks: { ...stats.cpuTicks, iowait } };
    });
    const sampler = begin();
    await lookFor(sampler, 20_000);
    const link = links.get(vmId);
    links.delete(vmId);
    await lookFor(sampler, 60_000);
    await sampler.findMachines();
    const vm = await store.vms.get(vmId);
    if (vm === null || link === undefined) throw new TypeError('the VM is gone');
    await store.vms.update({ ...vm, revision: 2, incarnation });
    iowait = 100;
    links.set(vmId, link);
    await lookFor(sampler, 20_000);
    await sampler.settled();
    return sampler.latest().get(vmId)?.reading.figures.cpuIowaitMs;
  }

  it('lets no counter fall within a life of the VM', async () => {
    expect(await iowaitAfter(sampleVm(1).incarnation)).toBe(3_000);
  });

  it('begins anew with the next life', async () => {
    expect(await iowaitAfter(sampleVm(1).incarnation + 1)).toBe(1_000);
  });
});

describe('stopping', () => {
  it('ends what is under way, and keeps what was measured', async () => {
    const vmId = await addVm(1);
    await addVm(2, ({ signal }) => silence(signal));
    const sampler = begin();
    await lookFor(sampler, 7_000);
    const stored = await coveredMs(vmId);
    await clock.advance(5_000);
    await sampler.look(stopping.signal);
    stopping.abort(new DOMException('the server is stopping', 'AbortError'));

    await sampler.settled();

    expect(await coveredMs(vmId)).toBeGreaterThan(stored);
  });
});
