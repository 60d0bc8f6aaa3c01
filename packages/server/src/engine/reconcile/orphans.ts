import type { VmId } from '../../domain/ids.ts';
import type { EngineConfig, EngineDeps } from '../deps.ts';

type ReaperDeps = Pick<EngineDeps, 'store' | 'driver' | 'bus' | 'clock' | 'log'> & { readonly config: EngineConfig };

/**
 * Ends machines that carry our installation's id and belong to no VM we know, once they have been seen so for a grace.
 * Their disks are left where they are: a row that is missing may mean that an older database was brought back, and what
 * we cannot account for we do not destroy.
 */
export function createReaper(deps: ReaperDeps): { look(signal: AbortSignal): Promise<void> } {
  const firstSeenMs = new Map<VmId, number>();

  async function reap(vmId: VmId, signal: AbortSignal): Promise<void> {
    deps.log.warn('ending a machine that belongs to no VM', { vmId });
    await deps.driver.endMachine(vmId, { signal });
    firstSeenMs.delete(vmId);
    const now = deps.clock.now();
    await deps.store.events.append([
      { type: 'vm.orphan_reaped', at: now, subject: vmId, vmId, owner: null, operationId: null, data: {} },
    ]);
    deps.bus.publish('events', '');
  }

  async function findOrphans(signal: AbortSignal): Promise<ReadonlySet<VmId>> {
    const orphans = new Set<VmId>();
    for (const { vmId, observation, isSpare } of await deps.driver.findAll({ signal })) {
      const { kind } = observation.machine;
      // Those are the pool's business. A suspended one is but files, as its disk is.
      if (isSpare || kind === 'absent' || kind === 'suspended') continue;
      if ((await deps.store.vms.get(vmId)) === null) orphans.add(vmId);
    }
    return orphans;
  }

  return {
    async look(signal) {
      const nowMs = deps.clock.monotonicMs();
      const orphans = await findOrphans(signal);
      for (const vmId of firstSeenMs.keys()) if (!orphans.has(vmId)) firstSeenMs.delete(vmId);
      for (const vmId of orphans) {
        const sinceMs = firstSeenMs.get(vmId) ?? nowMs;
        firstSeenMs.set(vmId, sinceMs);
        if (nowMs - sinceMs >= deps.config.timers.orphanGraceMs) await reap(vmId, signal);
      }
    },
  };
}
