import type { VmMetricFigures, VmMetrics } from '@volary/contract';
import type { MetricPoint } from '../../../domain/metrics/view.ts';
import type { MetricReport } from '../../../engine/apis/metric-api.ts';
import { toIso } from './to-iso.ts';

/** What a VM did, as `/v1` shows it. */
export function toVmMetricsDto({ vm, interval, atMs, whole, points, stepMs }: MetricReport): VmMetrics {
  const { vcpuCount } = vm.spec;
  return {
    vm_id: vm.id,
    timestamp: toIso(atMs),
    interval,
    step_seconds: stepMs / 1_000,
    covered_seconds: whole.coveredMs / 1_000,
    metrics: figuresOf(whole, vcpuCount),
    series: points.map((point) => ({
      timestamp: toIso(point.atMs),
      covered_seconds: point.coveredMs / 1_000,
      metrics: figuresOf(point, vcpuCount),
    })),
  };
}

function figuresOf({ coveredMs, guestMs, cpuUsedMs, sums, levels }: MetricPoint, vcpuCount: number): VmMetricFigures {
  if (coveredMs === 0) return { cpu: null, memory: null, disk: null, network: null, processes: null };
  const isTold = guestMs > 0;
  const percent = (usedMs: number, ofMs: number): number => (100 * usedMs) / (ofMs * vcpuCount);
  const ofGuest = (usedMs: number): number | null => (isTold ? percent(usedMs, guestMs) : null);
  const perSecond = (amount: number): number => (1_000 * amount) / guestMs;
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
    disk: isTold
      ? {
          total_bytes: Math.round(levels.diskTotalBytes),
          used_bytes: Math.round(levels.diskUsedBytes),
          read_bytes_per_second: perSecond(sums.diskReadBytes),
          write_bytes_per_second: perSecond(sums.diskWrittenBytes),
        }
      : null,
    network: isTold
      ? {
          rx_bytes_per_second: perSecond(sums.networkReceivedBytes),
          tx_bytes_per_second: perSecond(sums.networkSentBytes),
        }
      : null,
    processes: isTold ? levels.processCount : null,
  };
}
