import type { VolumeApi } from '../apis/volume-api.ts';
import { createVolume } from '../operations/create-volume.ts';
import { type DeleteVolumeDeps, deleteVolume } from '../operations/delete-volume.ts';
import { updateVolume } from '../operations/update-volume.ts';
import { createVolumeQueries } from '../queries/volumes.ts';

/** The volumes of engine.ts, of the operations and queries about them. */
export function createVolumeApi(deps: DeleteVolumeDeps): VolumeApi {
  return {
    create: (principal, request, options) => createVolume(deps, principal, request, options),
    update: (principal, ref, change, unchanged) => updateVolume(deps, principal, ref, change, unchanged),
    delete: (principal, ref, unchanged) => deleteVolume(deps, principal, ref, unchanged),
    ...createVolumeQueries(deps),
  };
}
