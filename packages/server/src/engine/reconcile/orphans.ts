import type { VmId } from '../../domain/ids.ts';
import type { Driver } from '../../ports/driver.ts';
import type { EngineConfig, EngineDeps } from '../deps.ts';

type ReaperDeps = Pick<EngineDeps, 'store' | 'drivers' | 'bus' | 'clock' | 'log'> & { readonly config: EngineConfig };

/**
 * Ends machines that carry our installation's id and belong to no VM we know, once they have been seen so for a grace.
 * Their disks are left where they are: a row that is missing may mean that an older database was brought back, and what
 * we cannot account for we do not destroy.
 */
export function createReaper(deps: ReaperDeps): { look(signal: AbortSignal): Promise<void> } {
  const firstSeenMs = new Map<VmId, number>();

  async function reap(vmId: VmId, driver: Driver, signal: AbortSignal): Promise<void> {
    deps.log.warn('ending a machine that belongs to no VM', { vmId, driver: driver.kind });
    await driver.endMachine(vmId, { signal });
    firstSeenMs.delete(vmId);
    const now = deps.clock.now();
    await deps.store.events.append([
      { type: 'vm.orphan_reaped', at: now, subject: vmId, vmId, owner: null, operationId: null, data: {} },
    ]);
    deps.bus.publish('events', '');
  }

  async function findOrphans(driver: Driver, signal: AbortSignal): Promise<readonly VmId[]> {
    const orphans: VmId[] = [];
    const found = await driver.findAll({ signal });
    // Read after it: one that was made meanwhile has a row.
    const known = new Set(await deps.store.vms.listIds(driver.kind));
    for (const { vmId, observation, isSpare } of found) {
      const { kind } = observation.machine;
      // Those are the pool's business. A suspended one is but files, as its disk is.
      if (isSpare || kind === 'absent' || kind === 'suspended' || kind === 'unreadable') continue;
      // One of another driver's VM is nobody's either: that VM's machine is elsewhere.
      if (!known.has(vmId)) orphans.push(vmId);
    }
    return orphans;
  }

  /** One that cannot say what there is now keeps nobody from looking at the others. */
  async function findAllOrphans(signal: AbortSignal): Promise<ReadonlyMap<VmId, Driver>> {
    const orphans = new Map<VmId, Driver>();
    for (const driver of deps.drivers.all) {
      try {
        for (const vmId of await findOrphans(driver, signal)) orphans.set(vmId, driver);
      } catch (error) {
        signal.throwIfAborted();
        deps.log.warn('what belongs to no VM could not be looked for', { driver: driver.kind, error });
      }
    }
    return orphans;
  }

  return {
    async look(signal) {
      const nowMs = deps.clock.monotonicMs();
      const orphans = await findAllOrphans(signal);
      for (const vmId of firstSeenMs.keys()) if (!orphans.has(vmId)) firstSeenMs.delete(vmId);
      for (const [vmId, driver] of orphans) {
        const sinceMs = firstSeenMs.get(vmId) ?? nowMs;
        firstSeenMs.set(vmId, sinceMs);
        if (nowMs - sinceMs >= deps.config.timers.orphanGraceMs) await reap(vmId, driver, signal);
      }
    },
  };
}
