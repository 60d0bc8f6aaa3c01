/** How the parts are by which one sees what becomes of VMs: for whoever sees nothing, or less than was expected. */
import type { AlertSettings } from '../../domain/alert/alert.ts';
import { toVolaryError } from '../../domain/errors.ts';
import { RESOLUTIONS } from '../../domain/metrics/view.ts';
import type { Component } from '../../domain/system/component.ts';
import type { EngineConfig, EngineDeps } from '../deps.ts';
import { METRIC_BYTES } from '../metrics/prune-metrics.ts';
import { component } from './component.ts';

export type ObservingDeps = Pick<EngineDeps, 'store' | 'logs' | 'metrics' | 'tracer'> & {
  readonly config: Pick<EngineConfig, 'limits' | 'alerts'>;
};

/** Of each: what it has and how long it is kept; traces only where there are any. */
export async function observing(deps: ObservingDeps): Promise<readonly Component[]> {
  const { tracer } = deps;
  return [
    await asked('logs', () => describeLogs(deps)),
    await asked('metrics', () => describeMetrics(deps), deps.metrics.whyNot()),
    await asked('alerts', () => describeAlerts(deps)),
    ...(tracer === null ? [] : [component('traces', tracer.whyNot(), 'degraded', describeSpans(tracer.counts()))]),
  ];
}

async function asked(name: string, ask: () => Promise<string>, why: string | null = null): Promise<Component> {
  try {
    return component(name, why, 'degraded', await ask());
  } catch (error) {
    return component(name, toVolaryError(error).message, 'degraded');
  }
}

async function describeLogs({ logs, config: { limits } }: ObservingDeps): Promise<string> {
  const { bytes, oldestAt } = await logs.usage();
  const since = oldestAt === null ? 'no line yet' : `lines since ${new Date(oldestAt).toISOString()}`;
  return `${since}; ${mib(bytes)} of ${mib(limits.logBytes)} MiB, ${mib(limits.logBytesPerVm)} of one VM; kept for ${hours(limits.logMs)}`;
}

async function describeMetrics({ metrics }: ObservingDeps): Promise<string> {
  const longest = Math.max(...RESOLUTIONS.map(({ keepMs }) => keepMs));
  return `${mib(await metrics.usage())} of ${mib(METRIC_BYTES)} MiB; kept for ${hours(longest)} at most`;
}

async function describeAlerts({ store, config }: ObservingDeps): Promise<string> {
  const { length } = await store.alerts.listFiring();
  const watched = watchedOf(config.alerts);
  return `${length} ${length === 1 ? 'fires' : 'fire'}; watched: ${watched.length === 0 ? 'nothing' : watched.join(', ')}`;
}

function watchedOf({ cpuPercent, memoryPercent, diskPercent, isHealthWatched }: AlertSettings): readonly string[] {
  const thresholds = Object.entries({ cpu: cpuPercent, memory: memoryPercent, disk: diskPercent });
  return [
    ...thresholds.flatMap(([name, percent]) => (percent === null ? [] : [`${name} from ${percent} %`])),
    ...(isHealthWatched ? ['health'] : []),
  ];
}

function describeSpans({ exported, lost }: { readonly exported: number; readonly lost: number }): string {
  return `${exported} spans exported, ${lost} lost since the server started`;
}

function mib(bytes: number): string {
  return String(Math.ceil(bytes / 1024 ** 2));
}

function hours(ms: number): string {
  return `${Math.round(ms / 3_600_000)} h`;
}
