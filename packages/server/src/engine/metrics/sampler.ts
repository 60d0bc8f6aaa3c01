/**
 * Measures VMs, a part of them each second, so that nobody has to wait for all. Guests that answer anyway are asked; of a machine without an agent it
 * is what its VMM takes of the host's processors. Nobody is woken or kept awake by it. Each server begins anew, which leaves a gap of one interval.
 */
import { VolaryError } from '../../domain/errors.ts';
import type { VmId } from '../../domain/ids.ts';
import { between, type Reading, type Stretch } from '../../domain/metrics/stretch.ts';
import type { GuestLink, GuestStats } from '../../ports/guest-link.ts';
import type { MetricStore } from '../../ports/metric-store.ts';
import type { EngineDeps } from '../deps.ts';
import { everyVm } from '../queries/every-vm.ts';
import { askStats } from '../sessions/ask-stats.ts';
import type { GuestLinks } from '../sessions/guest-links.ts';

type SamplerDeps = Pick<EngineDeps, 'store' | 'drivers' | 'clock' | 'log'> & {
  readonly links: Pick<GuestLinks, 'all'>;
  readonly metrics: Pick<MetricStore, 'add'>;
};

/** From one reading of a VM to the next, milliseconds, as long as there are not more VMs than can be asked so often. */
export const INTERVAL_MS = 5_000;
/** VMs that are asked each second at most. */
const MOST_AT_ONCE = 100;
/** So many intervals without a reading are a gap. */
export const GAP_INTERVALS = 3;
/** A tick of a processor in what guests tell, milliseconds. */
const TICK_MS = 10;

/** What was read of a VM last, not longer ago than a gap. */
export interface Measured {
  readonly reading: Reading;
  /** From the reading before it; null where there was none, or a gap. */
  readonly stretch: Stretch | null;
}

export interface Sampler {
  /** Measures those whose turn it is. To be called each second. */
  look(signal: AbortSignal): Promise<void>;
  /** Finds the machines that no agent tells of. To be called now and then. */
  findMachines(): Promise<void>;
  /** Of all VMs that are measured now; of others there is none. */
  latest(): ReadonlyMap<VmId, Measured>;
}

export function createSampler(deps: SamplerDeps): Sampler {
  const { store, drivers, clock, links, metrics } = deps;
  const measurements = new Map<VmId, Measured>();
  const tried = new Map<VmId, number>();
  let agentless: readonly VmId[] = [];
  let gapMs = GAP_INTERVALS * INTERVAL_MS;

  async function read(vmId: VmId, link: GuestLink | undefined, signal: AbortSignal): Promise<Reading | null> {
    if (link !== undefined) return readingOf(await askStats(clock, link, signal), clock.monotonicMs());
    const vm = await store.vms.get(vmId);
    const use = vm === null ? null : await drivers.of(vm).measureMachine(vmId, { signal });
    return use === null ? null : { atMs: clock.monotonicMs(), cpuUsedMs: use.cpuMs, guest: null };
  }

  async function measure(
    vmId: VmId,
    { link, signal }: { readonly link: GuestLink | undefined; readonly signal: AbortSignal },
  ): Promise<Stretch | null> {
    const reading = await read(vmId, link, signal).catch((error: unknown) => {
      signal.throwIfAborted();
      // One that does not answer leaves a gap. What is no answer at all is a fault of ours, and keeps the others from nothing.
      if (!(error instanceof VolaryError)) deps.log.error('a VM could not be measured', { vmId, error });
      return null;
    });
    const before = measurements.get(vmId);
    if (reading === null) return null;
    const passed = before === undefined ? null : between(before.reading, reading, gapMs);
    const stretch = passed === null ? null : { subject: vmId, endMs: clock.now(), ...passed };
    measurements.set(vmId, { reading, stretch });
    return stretch;
  }

  return {
    async look(signal) {
      const open = links.all();
      const all = new Set([...open.keys(), ...agentless]);
      for (const vmId of tried.keys())
        if (!all.has(vmId)) {
          tried.delete(vmId);
          measurements.delete(vmId);
        }
      const intervalMs = INTERVAL_MS * Math.ceil(all.size / (MOST_AT_ONCE * (INTERVAL_MS / 1_000)));
      gapMs = GAP_INTERVALS * intervalMs;
      const nowMs = clock.monotonicMs();
      // A look comes a little early or late: what is due by half a second is due.
      const due = [...all]
        .map((vmId) => ({ vmId, atMs: tried.get(vmId) ?? Number.NEGATIVE_INFINITY }))
        .filter(({ atMs }) => nowMs - atMs >= intervalMs - 500)
        .toSorted((a, b) => a.atMs - b.atMs)
        .slice(0, Math.min(MOST_AT_ONCE, Math.ceil(all.size / (INTERVAL_MS / 1_000))));
      for (const { vmId } of due) tried.set(vmId, nowMs);
      const measured = await Promise.all(due.map(({ vmId }) => measure(vmId, { link: open.get(vmId), signal })));
      const stretches = measured.filter((stretch) => stretch !== null);
      if (stretches.length > 0) await metrics.add(stretches);
    },
    async findMachines() {
      const open = links.all();
      const found: VmId[] = [];
      for await (const { id, status } of everyVm(store))
        if (status.phase === 'running' && !open.has(id)) found.push(id);
      agentless = found;
    },
    latest() {
      const oldestMs = clock.monotonicMs() - gapMs;
      return new Map([...measurements].filter(([, { reading }]) => reading.atMs >= oldestMs));
    },
  };
}

function readingOf(stats: GuestStats, atMs: number): Reading {
  const { cpuTicks, memoryBytes: memory, diskBytes: disk, networkBytes: network } = stats;
  const { diskTransferBytes: transfer, diskOperations: operations, networkPackets: packets } = stats;
  const userMs = cpuTicks.user * TICK_MS;
  const systemMs = cpuTicks.system * TICK_MS;
  return {
    ...{ atMs, cpuUsedMs: userMs + systemMs },
    guest: {
      uptimeMs: stats.uptimeMs,
      sums: {
        ...{ cpuUserMs: userMs, cpuSystemMs: systemMs },
        ...{ cpuIowaitMs: cpuTicks.iowait * TICK_MS, cpuStealMs: cpuTicks.steal * TICK_MS },
        ...{ networkReceivedBytes: network.received, networkSentBytes: network.sent },
      },
      counts: {
        ...{ diskReadBytes: transfer?.read ?? null, diskWrittenBytes: transfer?.written ?? null },
        ...{ diskReads: operations?.reads ?? null, diskWrites: operations?.writes ?? null },
        ...{ packetsReceived: packets?.received ?? null, packetsSent: packets?.sent ?? null },
      },
      levels: {
        memoryTotalBytes: memory.total,
        memoryUsedBytes: Math.max(0, memory.total - memory.available),
        ...{ memoryFreeBytes: memory.free, memoryCachedBytes: memory.cached },
        ...{ diskTotalBytes: disk.total, diskUsedBytes: Math.max(0, disk.total - disk.free) },
        processCount: stats.processCount,
      },
    },
  };
}
