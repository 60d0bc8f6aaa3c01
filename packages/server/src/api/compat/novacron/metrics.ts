import type { FastifyInstance } from 'fastify';
import type { MetricReport } from '../../../engine/apis/metric-api.ts';
import type { FaceContext } from '../../face.ts';
import { mount } from '../../mount.ts';
import { toMoment } from '../moments.ts';
import { requireVmId } from './require-vm.ts';
import type { VersionRoutes } from './routes.ts';
import { METRIC_GROUPS, type MetricGroup, type Metrics } from './watch-schemas.ts';

const GIB = 1024 ** 3;
const MEGA = 1_000_000;
const BITS = 8;

/** What a VM used in the last minutes. */
export function mountMetrics(app: FastifyInstance, routes: VersionRoutes, { engine }: FaceContext): void {
  mount(app, routes.getMetrics, async ({ principal, params, query }) => {
    const { interval = '5m', metrics: wanted = METRIC_GROUPS.join(',') } = query;
    const id = requireVmId(params.vm_id);
    const report = await engine.metrics.get(principal, id, interval);
    const names = wanted.split(',');
    const metrics = only(figuresOf(report), (group) => names.includes(group));
    return { vm_id: id, timestamp: toMoment(report.atMs), interval, metrics };
  });
}

type Figures = Required<Metrics['metrics']>;

function only(figures: Figures, isWanted: (group: MetricGroup) => boolean): Metrics['metrics'] {
  const { cpu, memory, disk, network } = figures;
  return {
    ...(isWanted('cpu') ? { cpu } : {}),
    ...(isWanted('memory') ? { memory } : {}),
    ...(isWanted('disk') ? { disk } : {}),
    ...(isWanted('network') ? { network } : {}),
  };
}

function figuresOf({ whole }: MetricReport): Figures {
  const { coveredMs, guestMs, cpuUsedMs, sums, countedMs, counts, levels } = whole;
  const percent = (usedMs: number, ofMs: number) => (ofMs === 0 ? null : round((100 * usedMs) / ofMs));
  const told = (figure: number) => (guestMs === 0 ? null : round(figure));
  const perSecond = (amount: number) => (1_000 * amount) / guestMs;
  // Not every driver counts them.
  const counted = (count: number, ofMs: number) => (ofMs === 0 ? null : round(count));
  return {
    cpu: {
      usage_percent: percent(cpuUsedMs, coveredMs),
      user_percent: percent(sums.cpuUserMs, guestMs),
      system_percent: percent(sums.cpuSystemMs, guestMs),
      iowait_percent: percent(sums.cpuIowaitMs, guestMs),
    },
    memory: {
      total_gb: told(levels.memoryTotalBytes / GIB),
      used_gb: told(levels.memoryUsedBytes / GIB),
      free_gb: told(levels.memoryFreeBytes / GIB),
      cache_gb: told(levels.memoryCachedBytes / GIB),
    },
    disk: {
      read_iops: counted((1_000 * counts.diskReads) / countedMs.diskOperations, countedMs.diskOperations),
      write_iops: counted((1_000 * counts.diskWrites) / countedMs.diskOperations, countedMs.diskOperations),
      read_mbps: counted((1_000 * counts.diskReadBytes) / countedMs.diskBytes / MEGA, countedMs.diskBytes),
      write_mbps: counted((1_000 * counts.diskWrittenBytes) / countedMs.diskBytes / MEGA, countedMs.diskBytes),
    },
    network: {
      rx_mbps: told((BITS * perSecond(sums.networkReceivedBytes)) / MEGA),
      tx_mbps: told((BITS * perSecond(sums.networkSentBytes)) / MEGA),
      rx_packets: counted(Math.round(counts.packetsReceived), countedMs.packets),
      tx_packets: counted(Math.round(counts.packetsSent), countedMs.packets),
    },
  };
}

/** How much of what it was given a VM uses, percent; null where nobody tells. */
export function toVmMetrics(report: MetricReport) {
  const { guestMs, levels } = report.whole;
  const share = (used: number, of: number) => (guestMs === 0 || of === 0 ? null : round((100 * used) / of));
  return {
    cpuPercent: figuresOf(report).cpu.usage_percent,
    memoryPercent: share(levels.memoryUsedBytes, levels.memoryTotalBytes),
    storagePercent: share(levels.diskUsedBytes, levels.diskTotalBytes),
  };
}

/** Three digits after the point say all that was measured. */
function round(figure: number): number {
  return Math.round(figure * 1_000) / 1_000;
}
