import type { Principal } from '../../domain/principal/principal.ts';
import type { Vm } from '../../domain/vm/vm.ts';
import type { AskedVolume } from '../../domain/vm/vm-request.ts';
import { findVolume } from '../queries/find-volume.ts';
import type { Precondition } from '../requests.ts';
import { attachVolume as attach, requireAttachable, volumeDisks } from '../volumes/attach-volumes.ts';
import { type ChangeVolumesDeps, changeVolumes } from '../volumes/change-volumes.ts';

/** Gives a stopped VM a volume. One that it has already in that way is fine. */
export async function attachVolume(
  deps: ChangeVolumesDeps,
  principal: Principal,
  ref: string,
  asked: AskedVolume,
  options: Precondition,
): Promise<Vm> {
  return await changeVolumes(deps, {
    ...{ principal, ref, options, action: 'volume.attach' },
    change: async (vm, tables) => {
      const [disk] = await volumeDisks(tables, principal, deps.drivers.of(vm), [asked]);
      if (disk === undefined || disk.volume === null) return null;
      const { name, isReadonly, volume: id } = disk;
      const volume = await findVolume(tables, { principal, permission: 'volume:attach' }, id);
      const isSo = vm.spec.disks.some(
        (each) => each.volume === id && each.name === name && each.isReadonly === isReadonly,
      );
      if (isSo) return null;
      // In one way alone.
      if (vm.spec.disks.some((each) => each.volume === id)) await requireAttachable(tables, volume, false);
      await attach(tables, principal, vm, disk);
      return { disks: [...vm.spec.disks, disk], volume };
    },
  });
}
