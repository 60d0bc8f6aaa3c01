import { VolaryError } from '../../domain/errors.ts';
import type { Principal } from '../../domain/principal/principal.ts';
import type { Vm } from '../../domain/vm/vm.ts';
import { findVolume } from '../queries/find-volume.ts';
import type { Precondition } from '../requests.ts';
import { type ChangeVolumesDeps, changeVolumes } from '../volumes/change-volumes.ts';

/** Takes a volume from a stopped VM, by the name of the disk that it is of it; what is in it stays. */
export async function detachVolume(
  deps: ChangeVolumesDeps,
  principal: Principal,
  ref: string,
  disk: string,
  options: Precondition,
): Promise<Vm> {
  return await changeVolumes(deps, {
    ...{ principal, ref, options, action: 'volume.detach' },
    change: async (vm, tables) => {
      const id = vm.spec.disks.find(({ name }) => name === disk)?.volume ?? null;
      if (id === null) throw notAttached(vm, disk);
      const volume = await findVolume(tables, { principal, permission: 'volume:attach' }, id);
      await tables.volumes.detach(id, vm.id);
      return { disks: vm.spec.disks.filter(({ name }) => name !== disk), volume };
    },
  });
}

function notAttached({ name, spec }: Vm, disk: string): VolaryError {
  const volumes = spec.disks.flatMap((each) => (each.volume === null ? [] : [each.name]));
  const has = volumes.length === 0 ? 'It has none.' : `It has ${volumes.join(', ')}.`;
  return new VolaryError('not_found', `${name} has no disk ${disk} that is a volume. ${has}`, {
    reason: 'volume.not_attached',
    details: { disk, volumes },
  });
}
