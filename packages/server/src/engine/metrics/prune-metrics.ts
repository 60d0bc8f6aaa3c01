import type { MetricStore } from '../../ports/metric-store.ts';
import type { EngineDeps } from '../deps.ts';

/** What all measurements may take on the disk, bytes. A VM that ran all the week takes 1.2 to 2.3 MiB; where there are some hundreds, the finest points go early. */
export const METRIC_BYTES = 512 * 1024 ** 2;

/** Drops measurements that have been kept long enough, and all of VMs that are no more. */
export async function pruneMetrics({
  store,
  clock,
  metrics,
}: Pick<EngineDeps, 'store' | 'clock' | 'metrics'> & {
  readonly metrics: Pick<MetricStore, 'vms' | 'forget' | 'prune'>;
}): Promise<void> {
  const gone = [];
  for (const vmId of await metrics.vms()) if ((await store.vms.get(vmId)) === null) gone.push(vmId);
  if (gone.length > 0) await metrics.forget(gone);
  await metrics.prune({ nowMs: clock.now(), maxBytes: METRIC_BYTES });
}
