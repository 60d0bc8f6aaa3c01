/**
 * Measures the machine that VMs run on as they are measured: by the differences of what its kernel counts. Processor
 * time is divided by the number of processors that counted it.
 */
import type { HostId } from '../../domain/ids.ts';
import {
  between,
  type Figures,
  figuresWith,
  type Reading,
  type Stretch,
  withoutReturned,
} from '../../domain/metrics/stretch.ts';
import { CPU_MODES, type HostMeter, type HostReading } from '../../ports/host-meter.ts';
import type { MetricStore } from '../../ports/metric-store.ts';
import type { EngineDeps } from '../deps.ts';
import { GAP_INTERVALS, INTERVAL_MS } from './sampler.ts';

type HostSamplerDeps = Pick<EngineDeps, 'clock'> & {
  readonly hostMeter: Pick<HostMeter, 'readHost'>;
  readonly metrics: Pick<MetricStore, 'add'>;
};

export interface HostSampler {
  /** Measures it when it is its turn. To be called each second. */
  look(): Promise<void>;
}

/** One look, with what tells whether the next one can be compared with it. */
interface HostLook {
  readonly reading: Reading;
  /** Time of all processors, whatever they did. */
  readonly cpuMs: number;
  readonly devices: string;
}

const CPU_FIGURES = ['cpuUserMs', 'cpuSystemMs', 'cpuIowaitMs', 'cpuStealMs'] as const;

export function createHostSampler(
  { hostMeter, clock, metrics }: HostSamplerDeps,
  { hostId }: { readonly hostId: HostId },
): HostSampler {
  let last: HostLook | null = null;
  let triedMs = Number.NEGATIVE_INFINITY;

  return {
    async look() {
      // A look comes a little early or late: what is due by half a second is due.
      if (clock.monotonicMs() - triedMs < INTERVAL_MS - 500) return;
      triedMs = clock.monotonicMs();
      const next = after(last, lookOf(await hostMeter.readHost(), triedMs));
      const passed = last === null || next === null ? null : passedBetween(last, next);
      last = next;
      if (passed !== null) await metrics.add([{ subject: hostId, endMs: clock.now(), ...passed }]);
    },
  };
}

/** Null where the kernel does not tell of processors: that is a gap. */
function lookOf(host: HostReading, atMs: number): HostLook | null {
  const { cpuMs, networks } = host;
  if (cpuMs === null) return null;
  const [userMs, systemMs] = [cpuMs.user + cpuMs.nice, cpuMs.system + cpuMs.irq + cpuMs.softirq];
  return {
    cpuMs: CPU_MODES.reduce((sum, mode) => sum + cpuMs[mode], 0),
    devices: networks.map(({ device }) => device).join(' '),
    reading: {
      // Divided by all of them later, by what they counted themselves.
      ...{ atMs, teller: 'itself', uptimeMs: atMs, vcpuCount: 1, cpuUsedMs: userMs + systemMs },
      figures: figuresWith({
        ...{ cpuUserMs: userMs, cpuSystemMs: systemMs, cpuIowaitMs: cpuMs.iowait, cpuStealMs: cpuMs.steal },
        ...devicesOf(host),
        ...levelsOf(host),
      }),
    },
  };
}

function devicesOf({ dataDevice, networks }: HostReading): Partial<Figures> {
  const total = (figure: (network: HostReading['networks'][number]) => number): number =>
    networks.reduce((sum, network) => sum + figure(network), 0);
  return {
    ...{ diskReadBytes: dataDevice?.readBytes ?? null, diskWrittenBytes: dataDevice?.writtenBytes ?? null },
    ...{ diskReads: dataDevice?.reads ?? null, diskWrites: dataDevice?.writes ?? null },
    networkReceivedBytes: total(({ receivedBytes }) => receivedBytes),
    networkSentBytes: total(({ sentBytes }) => sentBytes),
    packetsReceived: total(({ receivedPackets }) => receivedPackets),
    packetsSent: total(({ sentPackets }) => sentPackets),
  };
}

/** Processes of others may be hidden from us: they are not told of. */
function levelsOf({ memory, dataDisk }: HostReading): Partial<Figures> {
  return {
    memoryTotalBytes: memory?.sizeBytes ?? null,
    memoryUsedBytes: memory && Math.max(0, memory.sizeBytes - memory.availableBytes),
    ...{ memoryFreeBytes: memory?.freeBytes ?? null, memoryCachedBytes: memory?.cachedBytes ?? null },
    diskTotalBytes: dataDisk?.sizeBytes ?? null,
    diskUsedBytes: dataDisk && Math.max(0, dataDisk.sizeBytes - dataDisk.availableBytes),
  };
}

function after(before: HostLook | null, look: HostLook | null): HostLook | null {
  return before === null || look === null ? look : { ...look, reading: withoutReturned(before.reading, look.reading) };
}

function passedBetween(before: HostLook, after: HostLook): Omit<Stretch, 'subject' | 'endMs'> | null {
  // A device that came has counted since long before.
  if (before.devices !== after.devices) return null;
  const passed = between(before.reading, after.reading, GAP_INTERVALS * INTERVAL_MS);
  const cpuMs = after.cpuMs - before.cpuMs;
  if (passed === null || cpuMs <= 0) return null;
  const { lengthMs, cpuUsedMs, figures } = passed;
  const ofOne = (ms: number): number => (ms * lengthMs) / cpuMs;
  const cpu = Object.fromEntries(CPU_FIGURES.map((name) => [name, ofOne(figures[name] ?? 0)]));
  return { lengthMs, cpuUsedMs: ofOne(cpuUsedMs), figures: { ...figures, ...cpu } };
}
