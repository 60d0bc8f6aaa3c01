import type { HostMetricFigures, HostMetrics, VmMetricFigures, VmMetrics } from '@volary/contract';
import type { MetricPoint } from '../../../domain/metrics/view.ts';
import type { HostMetricReport, MetricReport } from '../../../engine/apis/metric-api.ts';
import { toIso } from './to-iso.ts';

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

/** Percents are of all processors that there were at that time. */
export function figuresOf(point: MetricPoint): VmMetricFigures {
  const { coveredMs, guestMs, cpuUsedMs, sums, levels } = point;
  if (coveredMs === 0) return { cpu: null, memory: null, disk: null, network: null, processes: null };
  const isTold = guestMs > 0;
  const percent = (usedMs: number, ofMs: number): number => (100 * usedMs) / ofMs;
  const ofGuest = (usedMs: number): number | null => (isTold ? percent(usedMs, guestMs) : null);
  return {
    cpu: {
      usage_percent: percent(cpuUsedMs, coveredMs),
      user_percent: ofGuest(sums.cpuUserMs),
      system_percent: ofGuest(sums.cpuSystemMs),
      iowait_percent: ofGuest(sums.cpuIowaitMs),
      steal_percent: ofGuest(sums.cpuStealMs),
    },
    memory: isTold
      ? {
          total_bytes: Math.round(levels.memoryTotalBytes),
          used_bytes: Math.round(levels.memoryUsedBytes),
          free_bytes: Math.round(levels.memoryFreeBytes),
          cache_bytes: Math.round(levels.memoryCachedBytes),
          usage_percent: (100 * levels.memoryUsedBytes) / Math.max(1, levels.memoryTotalBytes),
        }
      : null,
    disk: isTold ? diskOf(point) : null,
    network: isTold ? networkOf(point) : null,
    processes: isTold ? levels.processCount : null,
  };
}

function diskOf({ countedMs, counts, levels }: MetricPoint): NonNullable<VmMetricFigures['disk']> {
  const { diskBytes: bytesMs, diskOperations: operationsMs } = countedMs;
  return {
    total_bytes: Math.round(levels.diskTotalBytes),
    used_bytes: Math.round(levels.diskUsedBytes),
    read_bytes: amount(counts.diskReadBytes, bytesMs),
    write_bytes: amount(counts.diskWrittenBytes, bytesMs),
    read_bytes_per_second: perSecond(counts.diskReadBytes, bytesMs),
    write_bytes_per_second: perSecond(counts.diskWrittenBytes, bytesMs),
    read_ops: amount(counts.diskReads, operationsMs),
    write_ops: amount(counts.diskWrites, operationsMs),
    read_ops_per_second: perSecond(counts.diskReads, operationsMs),
    write_ops_per_second: perSecond(counts.diskWrites, operationsMs),
  };
}

function networkOf({ guestMs, sums, countedMs, counts }: MetricPoint): NonNullable<VmMetricFigures['network']> {
  const { packets: packetsMs } = countedMs;
  return {
    rx_bytes: Math.round(sums.networkReceivedBytes),
    tx_bytes: Math.round(sums.networkSentBytes),
    rx_bytes_per_second: (1_000 * sums.networkReceivedBytes) / guestMs,
    tx_bytes_per_second: (1_000 * sums.networkSentBytes) / guestMs,
    rx_packets: amount(counts.packetsReceived, packetsMs),
    tx_packets: amount(counts.packetsSent, packetsMs),
    rx_packets_per_second: perSecond(counts.packetsReceived, packetsMs),
    tx_packets_per_second: perSecond(counts.packetsSent, packetsMs),
  };
}

/** Null: nobody counted it. Whole ones: of what was counted over the end of a step each has a part. */
function amount(counted: number, ofMs: number): number | null {
  return ofMs > 0 ? Math.round(counted) : null;
}

function perSecond(counted: number, ofMs: number): number | null {
  return ofMs > 0 ? (1_000 * counted) / ofMs : null;
}
