import type { VolumeApi } from '../apis/volume-api.ts';
import { attachVolume } from '../operations/attach-volume.ts';
import { createVolume } from '../operations/create-volume.ts';
import { type DeleteVolumeDeps, deleteVolume } from '../operations/delete-volume.ts';
import { detachVolume } from '../operations/detach-volume.ts';
import { updateVolume } from '../operations/update-volume.ts';
import { createVolumeQueries } from '../queries/volumes.ts';
import type { ChangeVolumesDeps } from './change-volumes.ts';

/** The volumes of engine.ts, of the operations and queries about them. */
export function createVolumeApi(deps: DeleteVolumeDeps & ChangeVolumesDeps): VolumeApi {
  return {
    create: (principal, request, options) => createVolume(deps, principal, request, options),
    update: (principal, ref, change, unchanged) => updateVolume(deps, principal, ref, change, unchanged),
    attach: (principal, vm, asked, options) => attachVolume(deps, principal, vm, asked, options),
    detach: (principal, vm, disk, options) => detachVolume(deps, principal, vm, disk, options),
    delete: (principal, ref, unchanged) => deleteVolume(deps, principal, ref, unchanged),
    ...createVolumeQueries(deps),
  };
}
