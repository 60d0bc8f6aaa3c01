import type { AcceptedVolume, CreateVolumeRequest, UpdateVolumeRequest, Volume as VolumeDto } from '@volary/contract';
import { VolaryError } from '../../../domain/errors.ts';
import type { Operation } from '../../../domain/operation/operation.ts';
import type { VolumeOrigin } from '../../../domain/volume/volume.ts';
import type {
  CreateVolumeRequest as CreateVolume,
  ShownVolume,
  VolumeChange,
} from '../../../engine/apis/volume-api.ts';
import { toOperationDto } from './operation-dto.ts';
import { toIso } from './to-iso.ts';

/** A volume as `/v1` shows it. */
export function toVolumeDto({ volume, holders }: ShownVolume): VolumeDto {
  const { failure } = volume;
  return {
    id: volume.id,
    name: volume.name,
    owner: volume.owner,
    labels: volume.labels,
    size_gib: volume.sizeGib,
    state: volume.state,
    operation_id: volume.operationId,
    failure: failure === null ? null : { reason: failure.reason, message: failure.message },
    origin: toOriginDto(volume.origin),
    attachments: holders.map(({ vmId, vmName, disk, isReadonly }) => ({
      ...{ vm_id: vmId, vm_name: vmName, disk, readonly: isReadonly },
    })),
    driver: volume.driver,
    revision: volume.revision,
    created_at: toIso(volume.createdAt),
    updated_at: toIso(volume.updatedAt),
  };
}

/** Where it was fetched from is told to nobody: addresses and paths may hold secrets. */
function toOriginDto(origin: VolumeOrigin): VolumeDto['origin'] {
  const nothing = {
    ...{ sha256: null, image: null, volume_id: null, volume_name: null },
    ...{ vm_id: null, vm_name: null, disk: null },
  };
  switch (origin.kind) {
    case 'empty':
      return { kind: 'empty', ...nothing };
    case 'content':
      return { kind: 'content', ...nothing, sha256: origin.content.source.sha256 };
    case 'image':
      return { kind: 'image', ...nothing, image: origin.image };
    case 'volume':
      return { kind: 'volume', ...nothing, volume_id: origin.id, volume_name: origin.name };
    case 'vm':
      return {
        kind: 'vm',
        ...nothing,
        ...{ image: origin.image, vm_id: origin.id, vm_name: origin.name, disk: origin.disk },
      };
    default:
      return origin satisfies never;
  }
}

/** An operation on a volume, with the volume as it was then; null when it is gone. */
export function toAcceptedVolumeDto(operation: Operation, shown: ShownVolume | null): AcceptedVolume {
  return { ...toOperationDto(operation), volume: shown === null ? null : toVolumeDto(shown) };
}

/** What is asked for by `POST /v1/volumes`. Throws `invalid_argument` volume.invalid_source. */
export function toCreateVolume(body: CreateVolumeRequest): CreateVolume {
  const { name, labels = {}, size_gib = null } = body;
  return { name, labels, sizeGib: size_gib, source: toSource(body) };
}

function toSource({ image, volume, url, path, sha256, format }: CreateVolumeRequest): CreateVolume['source'] {
  if ([image, volume, url, path].filter((each) => each !== undefined).length > 1)
    throw contradiction('A volume begins with an image, a volume, a url or a path, of which it can have one.');
  const location = url ?? path;
  if (location === undefined) {
    if (sha256 !== undefined || format !== undefined)
      throw contradiction('There is a sha256 or a format, and neither a url nor a path.');
    if (image !== undefined) return { kind: 'image', image };
    return volume === undefined ? { kind: 'empty' } : { kind: 'volume', ref: volume };
  }
  if (sha256 === undefined || format === undefined)
    throw contradiction('The sha256 and the format of the disk image are needed.');
  // Who may have files of the host read, the engine knows.
  return { kind: 'content', content: { source: { location, sha256 }, format, isLocalAllowed: false } };
}

/** What is asked for by `PATCH /v1/volumes/{ref}`. */
export function toVolumeChange({ name, labels, size_gib }: UpdateVolumeRequest): VolumeChange {
  return {
    ...(name === undefined ? {} : { name }),
    ...(labels === undefined ? {} : { labels }),
    ...(size_gib === undefined ? {} : { sizeGib: size_gib }),
  };
}

function contradiction(message: string): VolaryError {
  return new VolaryError('invalid_argument', message, { reason: 'volume.invalid_source' });
}
