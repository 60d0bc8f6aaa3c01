import type { DriverStorage, KeptThing } from '../../../ports/driver.ts';
import { summarise } from './saved-vm.ts';
import type { SimulatedWorld } from './simulated-world.ts';

/** What a simulated disk takes: it has no bytes, and yet somebody may ask whether they are counted. */
const DISK_BYTES = 4096;

/** The disks and saved machines of a simulated host, on which nobody leaves anything half-made. */
export function createSimulatedStorage(world: SimulatedWorld): DriverStorage {
  return {
    async list() {
      const disks = [...world.vms].map(([id, vm]): KeptThing => {
        const isBusy = vm.observe().machine.kind !== 'absent';
        return { kind: 'disk', id, bytes: DISK_BYTES, isBusy };
      });
      const snapshots = world.saved.ids().flatMap((id): readonly KeptThing[] => {
        const saved = world.saved.find(id);
        return saved === null ? [] : [{ kind: 'snapshot', id, bytes: summarise(saved).sizeBytes, isBusy: false }];
      });
      const volumes = world.volumes
        .ids()
        .map((id): KeptThing => ({ kind: 'volume', id, bytes: DISK_BYTES, isBusy: false }));
      return [...disks, ...snapshots, ...volumes];
    },
    removeLeftover: async () => false,
  };
}
