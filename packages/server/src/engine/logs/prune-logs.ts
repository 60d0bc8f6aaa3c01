import type { Ages } from '../ages.ts';
import type { EngineConfig, EngineDeps } from '../deps.ts';

/** Drops lines that have been kept long enough, and the oldest of what takes too much. */
export async function pruneLogs({
  logs,
  ages,
  config,
}: Pick<EngineDeps, 'logs'> & { readonly ages: Ages; readonly config: Pick<EngineConfig, 'limits'> }): Promise<void> {
  const { logMs, logBytes, logBytesPerVm } = config.limits;
  await logs.prune({ beforeMs: ages.before(logMs), maxBytesPerVm: logBytesPerVm, maxBytes: logBytes });
}
