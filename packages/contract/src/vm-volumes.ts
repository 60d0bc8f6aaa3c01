import { type Static, Type } from 'typebox';
import { DiskName } from './extra-disks.ts';
import { VolumeRef } from './ids.ts';
import { LIMITS } from './limits.ts';
import { component } from './schema.ts';

export const VmVolumeRequest = component(
  'VmVolumeRequest',
  {
    volume: VolumeRef,
    disk: Type.Optional(
      Type.String({
        ...DiskName,
        description:
          'Name of the disk that it is of the VM: in the guest it is at `/dev/disk/by-id/virtio-DISK`. Default: the name of the volume, its first 20 characters.',
      }),
    ),
    readonly: Type.Optional(
      Type.Boolean({
        description: 'The guest only reads it; then other VMs may have it too, if they do the same. Default: false.',
      }),
    ),
  },
  { description: 'A volume that a VM is to have.', examples: [{ volume: 'books', readonly: true }] },
);
export type VmVolumeRequest = Static<typeof VmVolumeRequest>;

/** In requests that make one VM. */
export const volumesField = {
  volumes: Type.Optional(
    Type.Array(VmVolumeRequest, {
      maxItems: LIMITS.extraDisks,
      description: 'Volumes to attach; at most 8 disks and volumes together. Needs the permission `volume:attach`.',
    }),
  ),
};
