import type { VmVolumeRequest } from '@volary/contract';
import { InvalidArgumentError } from 'commander';

const FORM = 'It has the form VOLUME, or VOLUME with :ro and :disk=NAME after it, as books:ro:disk=data.';

/** Volumes of a VM, as `--volume` names them. */
export function collectVolumes(text: string, previous: readonly VmVolumeRequest[] = []): readonly VmVolumeRequest[] {
  return [...previous, oneVolume(text)];
}

/** The same of one. */
export function oneVolume(text: string): VmVolumeRequest {
  const [volume = '', ...options] = text.split(':');
  if (volume === '') throw new InvalidArgumentError(FORM);
  return Object.assign({ volume }, ...options.map(readOption));
}

function readOption(text: string): Partial<VmVolumeRequest> {
  if (text === 'ro') return { readonly: true };
  const [, disk] = /^disk=(.+)$/.exec(text) ?? [];
  if (disk === undefined) throw new InvalidArgumentError(FORM);
  return { disk };
}
