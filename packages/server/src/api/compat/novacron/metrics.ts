import type { FastifyInstance } from 'fastify';
import type { FigureName } from '../../../domain/metrics/stretch.ts';
import { addedIn, amountOf, memoryInUse } from '../../../domain/metrics/view.ts';
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
const SECOND_MS = 1_000;

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

/** What nobody told is null. */
function figuresOf({ whole }: MetricReport): Figures {
  const { coveredMs, cpuUsedMs, figures } = whole;
  const percent = (name: FigureName) => round(addedIn(100, figures[name]));
  const gib = (bytes: number | null) => round(bytes === null ? null : bytes / GIB);
  const perSecond = (name: FigureName, unit = 1) => round(addedIn(SECOND_MS / unit, figures[name]));
  const count = (name: FigureName) => {
    const amount = amountOf(figures[name]);
    return amount === null ? null : Math.round(amount);
  };
  return {
    cpu: {
      usage_percent: coveredMs === 0 ? null : round((100 * cpuUsedMs) / coveredMs),
      user_percent: percent('cpuUserMs'),
      system_percent: percent('cpuSystemMs'),
      iowait_percent: percent('cpuIowaitMs'),
    },
    memory: {
      total_gb: gib(amountOf(figures.memoryTotalBytes)),
      used_gb: gib(memoryInUse(whole)),
      free_gb: gib(amountOf(figures.memoryFreeBytes)),
      cache_gb: gib(amountOf(figures.memoryCachedBytes)),
    },
    disk: {
      read_iops: perSecond('diskReads'),
      write_iops: perSecond('diskWrites'),
      read_mbps: perSecond('diskReadBytes', MEGA),
      write_mbps: perSecond('diskWrittenBytes', MEGA),
    },
    network: {
      rx_mbps: perSecond('networkReceivedBytes', MEGA / BITS),
      tx_mbps: perSecond('networkSentBytes', MEGA / BITS),
      rx_packets: count('packetsReceived'),
      tx_packets: count('packetsSent'),
    },
  };
}

/** How much of what it was given a VM uses, percent; null where nobody tells. */
export function toVmMetrics(report: MetricReport) {
  const { whole } = report;
  const { memoryTotalBytes, diskUsedBytes, diskTotalBytes } = whole.figures;
  const share = (used: number | null, of: number | null) =>
    used === null || of === null || of === 0 ? null : round((100 * used) / of);
  return {
    cpuPercent: figuresOf(report).cpu.usage_percent,
    memoryPercent: share(memoryInUse(whole), amountOf(memoryTotalBytes)),
    storagePercent: share(amountOf(diskUsedBytes), amountOf(diskTotalBytes)),
  };
}

/** Three digits after the point say all that was measured. */
function round(figure: number | null): number | null {
  return figure === null ? null : Math.round(figure * 1_000) / 1_000;
}
