import type { EngineConfig, EngineDeps } from './deps.ts';
import { createMeasures } from './monitoring/measures.ts';
import { meteredStore } from './monitoring/metered-store.ts';
import type { OperationDeps } from './operations/request-change.ts';
import { withSpans } from './tracing/ports-with-spans.ts';
import { withImageNews } from './warm/image-news.ts';
import { createSparePool, type SparePool } from './warm/spare-pool.ts';
import type { WarmStarts } from './warm/warm-starts.ts';

/** The ports as they are given to the engine. */
export type GivenPorts = Omit<EngineDeps, 'driver' | 'measures'>;

/** What changes are asked for with. */
export type ChangeDeps = EngineDeps & OperationDeps & { readonly pool: SparePool; readonly warm: WarmStarts };

/** The ports as the parts of the engine use them: measured, traced, and with news of images for the spares. */
export function createDeps(
  given: GivenPorts,
  config: EngineConfig,
): { readonly deps: EngineDeps; readonly pool: SparePool } {
  const { tracer } = given;
  const measures = createMeasures(given.meter);
  const store = meteredStore(given.store, measures, tracer);
  const ports = tracer === null ? given : { ...given, ...withSpans(given, tracer) };
  const driver = ports.drivers.first;
  const pool = createSparePool({ ...ports, store, driver, measures, config });
  return { deps: { ...ports, store, driver, measures, images: withImageNews(ports.images, pool) }, pool };
}
