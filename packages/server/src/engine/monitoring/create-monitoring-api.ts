import type { HostMeter } from '../../ports/host-meter.ts';
import type { Meter } from '../../ports/meter.ts';
import type { Queue } from '../../ports/queue.ts';
import { authorise } from '../access/authorise.ts';
import type { MonitoringApi } from '../apis/monitoring-api.ts';
import type { EngineDeps } from '../deps.ts';
import type { Sampler } from '../metrics/sampler.ts';
import type { SparePool } from '../warm/spare-pool.ts';
import { createArchiveFigures } from './archive-figures.ts';
import { createEngineFigures } from './engine-figures.ts';
import { createHostFigures } from './host-figures.ts';
import type { Measures } from './measures.ts';
import { createProcessFigures } from './process-figures.ts';
import { createVmFigures } from './vm-figures.ts';

type MonitoringDeps = Pick<EngineDeps, 'store' | 'turns' | 'tracer' | 'logArchive'> & {
  readonly meter: Meter;
  readonly measures: Pick<Measures, 'requests'>;
  readonly hostMeter: HostMeter;
  readonly queue: Pick<Queue, 'depth'>;
  readonly pool: Pick<SparePool, 'list'>;
  readonly sampler: Pick<Sampler, 'latest'>;
  readonly config: { readonly version: string };
};

export function createMonitoringApi(deps: MonitoringDeps): MonitoringApi {
  const { meter, measures, hostMeter, config } = deps;
  const looks = [
    createVmFigures(meter, deps),
    createHostFigures(meter, hostMeter),
    createProcessFigures(meter, { hostMeter, version: config.version }),
    createEngineFigures(meter, deps),
    createArchiveFigures(meter, deps.logArchive),
  ];

  return {
    async scrape(principal) {
      authorise(principal, 'metrics:read');
      for (const look of looks) await look();
      return await meter.read();
    },
    noteRequest({ method, route, status, durationMs }) {
      measures.requests.observe({ method, route: route ?? 'none', status: String(status) }, durationMs / 1_000);
    },
  };
}
