import type { HostId, VmId } from '../../domain/ids.ts';
import type { MetricSubject } from '../../domain/metrics/stretch.ts';
import { METRIC_INTERVALS, type MetricInterval, type MetricPoint, together } from '../../domain/metrics/view.ts';
import type { Principal } from '../../domain/principal/principal.ts';
import type { Vm } from '../../domain/vm/vm.ts';
import type { MetricStore } from '../../ports/metric-store.ts';
import { authorise } from '../access/authorise.ts';
import type { EngineConfig, EngineDeps } from '../deps.ts';
import { findVm } from '../queries/find-vm.ts';
import { hostUnknown } from '../queries/hosts.ts';
import type { Page } from '../requests.ts';
import type { VmApi, VmSelection } from './vm-api.ts';

/** What was done in the last minute, hour …, up to now. */
interface MetricView {
  readonly interval: MetricInterval;
  readonly atMs: number;
  /** All of it; what was not measured is not in it. */
  readonly whole: MetricPoint;
  /** Step by step, oldest first; there is none where nothing was measured. */
  readonly points: readonly MetricPoint[];
  readonly stepMs: number;
}

/** By a VM. */
export interface MetricReport extends MetricView {
  readonly vm: Vm;
}

/** By a host. */
export interface HostMetricReport extends MetricView {
  readonly hostId: HostId;
}

export interface MetricApi {
  /** Throws as `findVm`. */
  get(principal: Principal, ref: string, interval: MetricInterval): Promise<MetricReport>;
  /** Of a page of VMs: of fewer than are asked for where their points would be too many for an answer. Throws as the list of VMs does. */
  list(principal: Principal, selection: VmSelection, interval: MetricInterval): Promise<Page<MetricReport, VmId>>;
  /** By its id or name. Throws `not_found` host.unknown. */
  ofHost(principal: Principal, ref: string, interval: MetricInterval): Promise<HostMetricReport>;
}

/** What the points of all VMs in one answer may be: some megabytes. */
const MOST_POINTS = 2_400;

export function createMetricApi({
  store,
  clock,
  turns,
  metrics,
  vms,
  hostProbe,
  config,
}: Pick<EngineDeps, 'store' | 'clock' | 'turns' | 'hostProbe'> & {
  readonly metrics: Pick<MetricStore, 'read'>;
  readonly vms: Pick<VmApi, 'list'>;
  readonly config: Pick<EngineConfig, 'hostId'>;
}): MetricApi {
  async function view(subject: MetricSubject, interval: MetricInterval): Promise<MetricView> {
    const { lengthMs, stepMs } = METRIC_INTERVALS[interval];
    const atMs = clock.now();
    // Steps that lie in it as a whole, and the one that has begun.
    const fromMs = Math.ceil((atMs - lengthMs) / stepMs) * stepMs;
    const points = await metrics.read(subject, { stepMs, fromMs, untilMs: atMs });
    return { interval, atMs, points, stepMs, whole: together(points, fromMs) };
  }

  return {
    async get(principal, ref, interval) {
      const vm = await findVm(store, { principal, permission: 'vm:read' }, ref);
      return { vm, ...(await view(vm.id, interval)) };
    },
    async list(principal, { limit, ...selection }, interval) {
      const { lengthMs, stepMs } = METRIC_INTERVALS[interval];
      const atOnce = Math.floor((MOST_POINTS * stepMs) / lengthMs);
      const page = await vms.list(principal, { ...selection, limit: Math.min(limit, atOnce) });
      const items: MetricReport[] = [];
      for (const vm of page.items) {
        await turns.share();
        items.push({ vm, ...(await view(vm.id, interval)) });
      }
      return { items, next: page.next };
    },
    async ofHost(principal, ref, interval) {
      authorise(principal, 'host:read');
      const { hostId } = config;
      if (ref !== hostId && ref !== (await hostProbe.measure()).hostname) throw hostUnknown(ref);
      return { hostId, ...(await view(hostId, interval)) };
    },
  };
}
