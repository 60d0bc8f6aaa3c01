import { METRIC_INTERVALS, type MetricInterval, type MetricPoint, together } from '../../domain/metrics/view.ts';
import type { Principal } from '../../domain/principal/principal.ts';
import type { Vm } from '../../domain/vm/vm.ts';
import type { MetricStore } from '../../ports/metric-store.ts';
import type { EngineDeps } from '../deps.ts';
import { findVm } from '../queries/find-vm.ts';

/** What a VM did in the last minute, hour …, up to now. */
export interface MetricReport {
  readonly vm: Vm;
  readonly interval: MetricInterval;
  readonly atMs: number;
  /** All of it; what was not measured is not in it. */
  readonly whole: MetricPoint;
  /** Step by step, oldest first; there is none where nothing was measured. */
  readonly points: readonly MetricPoint[];
  readonly stepMs: number;
}

export interface MetricApi {
  /** Throws as `findVm`. */
  get(principal: Principal, ref: string, interval: MetricInterval): Promise<MetricReport>;
}

export function createMetricApi({
  store,
  clock,
  metrics,
}: Pick<EngineDeps, 'store' | 'clock'> & { readonly metrics: Pick<MetricStore, 'read'> }): MetricApi {
  return {
    async get(principal, ref, interval) {
      const vm = await findVm(store, { principal, permission: 'vm:read' }, ref);
      const { lengthMs, stepMs } = METRIC_INTERVALS[interval];
      const atMs = clock.now();
      // Steps that lie in it as a whole, and the one that has begun.
      const fromMs = Math.ceil((atMs - lengthMs) / stepMs) * stepMs;
      const points = await metrics.read(vm.id, { stepMs, fromMs, untilMs: atMs });
      return { vm, interval, atMs, points, stepMs, whole: together(points, fromMs) };
    },
  };
}
