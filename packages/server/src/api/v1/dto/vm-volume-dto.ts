import type { VmVolumeRequest } from '@volary/contract';
import type { AskedVolume } from '../../../domain/vm/vm-request.ts';

/** A volume that a VM is to have. */
export function toAskedVolume({ volume, disk, readonly = false }: VmVolumeRequest): AskedVolume {
  return { ref: volume, disk: disk ?? null, isReadonly: readonly };
}
