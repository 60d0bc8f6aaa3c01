import { type Static, Type } from 'typebox';
import { contentFields, DiskName } from './extra-disks.ts';
import { EXAMPLE_IDS, ImageName, VmId, VmName, VolumeId, VolumeName, VolumeRef } from './ids.ts';
import { LIMITS } from './limits.ts';
import { EXAMPLE_OPERATION, operationFields } from './operations.ts';
import { component, enumComponent, nullable, nullableString, pageOf, stringMap, timestamp } from './schema.ts';
import { SnapshotFailure } from './snapshots.ts';

export const VOLUME_STATES = ['creating', 'ready', 'failed', 'deleting'] as const;

const VolumeState = enumComponent(
  'VolumeState',
  VOLUME_STATES,
  'How a volume is. `ready`: complete, VMs can have it. `failed`: it could not be made, and nothing was kept.',
);

const labels = stringMap({
  description: 'Names with short values, to find it by.',
  maxProperties: LIMITS.labels.count,
  keyLength: LIMITS.labels.keyLength,
  valueLength: LIMITS.labels.valueLength,
});
const sizeGib = Type.Integer({ ...LIMITS.diskGib, description: 'Virtual size, GiB.' });

export const VolumeOrigin = component(
  'VolumeOrigin',
  {
    kind: Type.Unsafe<'empty' | 'content' | 'image' | 'volume' | 'vm'>({
      type: 'string',
      enum: ['empty', 'content', 'image', 'volume', 'vm'],
      description:
        '`content`: a disk image that was fetched. `image`: the root of an image. `volume`: a copy of another one. `vm`: a disk of a VM that was deleted.',
    }),
    sha256: nullableString({ description: 'Of the disk image; else null.' }),
    image: nullableString({ description: 'Name of the image, or of the one that the VM was made from; else null.' }),
    volume_id: nullableString({ description: 'The volume that it is a copy of; it may be gone. Else null.' }),
    volume_name: nullableString({ description: 'What that was called.' }),
    vm_id: nullableString({ description: 'The VM whose disk it was; else null.' }),
    vm_name: nullableString({ description: 'What that was called.' }),
    disk: nullableString({ description: 'Name of the disk that it was of the VM; null: its root.' }),
  },
  {
    description: 'What a volume was made from. The address it was fetched from is never shown.',
    examples: [
      {
        ...{ kind: 'vm', sha256: null, image: 'base', volume_id: null, volume_name: null },
        ...{ vm_id: EXAMPLE_IDS.vm, vm_name: 'first', disk: null },
      },
    ],
  },
);

export const VolumeAttachment = component(
  'VolumeAttachment',
  {
    vm_id: VmId,
    vm_name: VmName,
    disk: DiskName,
    readonly: Type.Boolean({ description: 'Whether its guest only reads it.' }),
  },
  {
    description: 'A VM that has a volume, for as long as the VM is kept.',
    examples: [{ vm_id: EXAMPLE_IDS.vm, vm_name: 'first', disk: 'data', readonly: false }],
  },
);

const EXAMPLE_VOLUME = {
  id: EXAMPLE_IDS.volume,
  name: 'books',
  owner: 'admin',
  labels: { team: 'blue' },
  size_gib: 20,
  state: 'ready',
  operation_id: null,
  failure: null,
  origin: {
    ...{ kind: 'empty', sha256: null, image: null, volume_id: null, volume_name: null },
    ...{ vm_id: null, vm_name: null, disk: null },
  },
  attachments: [{ vm_id: EXAMPLE_IDS.vm, vm_name: 'first', disk: 'books', readonly: false }],
  driver: 'qemu',
  revision: 2,
  created_at: '2026-01-31T12:10:00.000Z',
  updated_at: '2026-01-31T12:10:00.400Z',
} as const;

export const Volume = component(
  'Volume',
  {
    id: VolumeId,
    name: VolumeName,
    owner: Type.String({ description: 'Whose it is, and counts for.' }),
    labels,
    size_gib: sizeGib,
    state: VolumeState,
    operation_id: nullableString({ description: 'The operation that makes or removes it; else null.' }),
    failure: nullable(SnapshotFailure),
    origin: VolumeOrigin,
    attachments: Type.Array(VolumeAttachment, {
      description: 'One VM that writes to it, or some that read it.',
    }),
    driver: Type.String({ description: 'What runs the VMs that can have it.' }),
    revision: Type.Integer({ minimum: 1, description: 'Rises with each change of this record; see ETag.' }),
    created_at: timestamp('When it was asked for.'),
    updated_at: timestamp('When this record last changed.'),
  },
  { description: 'A disk of its own, which VMs come to and leave.', examples: [EXAMPLE_VOLUME] },
);
export type Volume = Static<typeof Volume>;

export const VolumePage = pageOf('VolumePage', Volume, EXAMPLE_VOLUME);
export type VolumePage = Static<typeof VolumePage>;

export const AcceptedVolume = component(
  'AcceptedVolume',
  { ...operationFields, volume: nullable(Volume) },
  {
    description: 'A change of a volume that is under way, with the volume as it is now (null when it is gone).',
    examples: [
      {
        ...EXAMPLE_OPERATION,
        kind: 'volume.create',
        subject: { kind: 'volume', id: EXAMPLE_IDS.volume, name: 'books' },
        volume: { ...EXAMPLE_VOLUME, state: 'creating', attachments: [] },
      },
    ],
  },
);
export type AcceptedVolume = Static<typeof AcceptedVolume>;

export const CreateVolumeRequest = component(
  'CreateVolumeRequest',
  {
    name: VolumeName,
    size_gib: Type.Optional(
      Type.Integer({
        ...LIMITS.diskGib,
        description:
          'Virtual size, GiB. May be left out of one that begins with something that is on the host: it is as large as that, rounded up. A copy of a volume is as large as that.',
      }),
    ),
    labels: Type.Optional(labels),
    image: Type.Optional(ImageName),
    volume: Type.Optional(VolumeRef),
    ...contentFields,
  },
  {
    description:
      'A volume that is wanted: empty; or with the root of an image, a copy of another volume that nobody has, or a disk image, of which it has one at most.',
    examples: [{ name: 'books', size_gib: 20 }],
  },
);
export type CreateVolumeRequest = Static<typeof CreateVolumeRequest>;

export const UpdateVolumeRequest = component(
  'UpdateVolumeRequest',
  {
    name: Type.Optional(VolumeName),
    labels: Type.Optional(
      stringMap({
        description: 'All labels; they replace the existing ones.',
        maxProperties: LIMITS.labels.count,
        keyLength: LIMITS.labels.keyLength,
        valueLength: LIMITS.labels.valueLength,
      }),
    ),
    size_gib: Type.Optional(
      Type.Integer({ ...LIMITS.diskGib, description: 'Virtual size, GiB: what it has, or more.' }),
    ),
  },
  { description: 'What is to be changed of a volume.', examples: [{ labels: { team: 'red' } }] },
);
export type UpdateVolumeRequest = Static<typeof UpdateVolumeRequest>;
