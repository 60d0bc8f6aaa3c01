import { FULL_DISK_GIB } from '../../domain/host/host.ts';
import type { SimulatedHost } from '../../domain/host/simulated-host.ts';
import type { HostFacts, HostProbe } from '../../ports/host-facts.ts';

/** A host that has what was said of it, all of it free: simulated machines take nothing. What was not said is measured by the probe. */
export function createSimulatedHostProbe(probe: HostProbe, { cpuCount, memoryMib, diskGib }: SimulatedHost): HostProbe {
  return {
    async measure() {
      const facts = await probe.measure();
      return {
        ...facts,
        ...(cpuCount === undefined ? {} : { cpuCount }),
        ...(memoryMib === undefined ? {} : { memoryMib, memoryAvailableMib: memoryMib }),
        ...(diskGib === undefined
          ? {}
          : { diskGib, diskAvailableGib: isFull(facts) ? facts.diskAvailableGib : diskGib }),
      };
    },
  };
}

/** What its VMs are said to have takes no room, but what the server keeps does. */
function isFull({ diskAvailableGib }: Pick<HostFacts, 'diskAvailableGib'>): boolean {
  return diskAvailableGib < FULL_DISK_GIB;
}
