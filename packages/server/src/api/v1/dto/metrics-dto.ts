import type { HostMetricFigures, HostMetrics, VmMetricFigures, VmMetrics } from '@volary/contract';
import type { FigureName } from '../../../domain/metrics/stretch.ts';
import { addedIn, amountOf, type MetricPoint, memoryInUse } from '../../../domain/metrics/view.ts';
import type { HostMetricReport, MetricReport } from '../../../engine/apis/metric-api.ts';
import { toIso } from './to-iso.ts';

const SECOND_MS = 1_000;

/** What a VM did, as `/v1` shows it. */
export function toVmMetricsDto({ vm, interval, atMs, whole, points, stepMs }: MetricReport): VmMetrics {
  return {
    vm_id: vm.id,
    timestamp: toIso(atMs),
    interval,
    step_seconds: stepMs / 1_000,
    covered_seconds: whole.coveredMs / 1_000,
    metrics: figuresOf(whole),
    series: points.map((point) => ({
      timestamp: toIso(point.atMs),
      covered_seconds: point.coveredMs / 1_000,
      metrics: figuresOf(point),
    })),
  };
}

/** What a host did, as `/v1` shows it. */
export function toHostMetricsDto(report: HostMetricReport): HostMetrics {
  return {
    host_id: report.hostId,
    timestamp: toIso(report.atMs),
    interval: report.interval,
    step_seconds: report.stepMs / 1_000,
    covered_seconds: report.whole.coveredMs / 1_000,
    metrics: hostFiguresOf(report.whole),
    series: report.points.map((point) => ({
      timestamp: toIso(point.atMs),
      covered_seconds: point.coveredMs / 1_000,
      metrics: hostFiguresOf(point),
    })),
  };
}

function hostFiguresOf(point: MetricPoint): HostMetricFigures {
  const { cpu, memory, disk, network } = figuresOf(point);
  return { cpu, memory, disk, network };
}

/** Percents are of all processors that there were at that time. What nobody told is null, and a whole group where nothing of it was told. */
export function figuresOf(point: MetricPoint): VmMetricFigures {
  const { coveredMs, cpuUsedMs, figures } = point;
  if (coveredMs === 0) return { cpu: null, memory: null, disk: null, network: null, processes: null };
  const percent = (name: FigureName): number | null => addedIn(100, figures[name]);
  return {
    cpu: {
      usage_percent: (100 * cpuUsedMs) / coveredMs,
      user_percent: percent('cpuUserMs'),
      system_percent: percent('cpuSystemMs'),
      iowait_percent: percent('cpuIowaitMs'),
      steal_percent: percent('cpuStealMs'),
    },
    memory: unlessUnknown(memoryOf(point)),
    disk: unlessUnknown(diskOf(point)),
    network: unlessUnknown(networkOf(point)),
    processes: amountOf(figures.processCount),
  };
}

function memoryOf(point: MetricPoint): NonNullable<VmMetricFigures['memory']> {
  const { memoryTotalBytes, memoryFreeBytes, memoryCachedBytes } = point.figures;
  const [total, used] = [amountOf(memoryTotalBytes), memoryInUse(point)];
  return {
    total_bytes: whole(total),
    used_bytes: whole(used),
    free_bytes: whole(amountOf(memoryFreeBytes)),
    cache_bytes: whole(amountOf(memoryCachedBytes)),
    usage_percent: used === null || total === null ? null : (100 * used) / Math.max(1, total),
  };
}

function diskOf({ figures }: MetricPoint): NonNullable<VmMetricFigures['disk']> {
  return {
    total_bytes: whole(amountOf(figures.diskTotalBytes)),
    used_bytes: whole(amountOf(figures.diskUsedBytes)),
    read_bytes: whole(amountOf(figures.diskReadBytes)),
    write_bytes: whole(amountOf(figures.diskWrittenBytes)),
    read_bytes_per_second: addedIn(SECOND_MS, figures.diskReadBytes),
    write_bytes_per_second: addedIn(SECOND_MS, figures.diskWrittenBytes),
    read_ops: whole(amountOf(figures.diskReads)),
    write_ops: whole(amountOf(figures.diskWrites)),
    read_ops_per_second: addedIn(SECOND_MS, figures.diskReads),
    write_ops_per_second: addedIn(SECOND_MS, figures.diskWrites),
  };
}

function networkOf({ figures }: MetricPoint): NonNullable<VmMetricFigures['network']> {
  return {
    rx_bytes: whole(amountOf(figures.networkReceivedBytes)),
    tx_bytes: whole(amountOf(figures.networkSentBytes)),
    rx_bytes_per_second: addedIn(SECOND_MS, figures.networkReceivedBytes),
    tx_bytes_per_second: addedIn(SECOND_MS, figures.networkSentBytes),
    rx_packets: whole(amountOf(figures.packetsReceived)),
    tx_packets: whole(amountOf(figures.packetsSent)),
    rx_packets_per_second: addedIn(SECOND_MS, figures.packetsReceived),
    tx_packets_per_second: addedIn(SECOND_MS, figures.packetsSent),
  };
}

/** Of what was counted over the end of a step each has a part. */
function whole(amount: number | null): number | null {
  return amount === null ? null : Math.round(amount);
}

function unlessUnknown<T extends Readonly<Record<string, number | null>>>(group: T): T | null {
  return Object.values(group).every((figure) => figure === null) ? null : group;
}
