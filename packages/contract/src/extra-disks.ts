import { type Static, Type } from 'typebox';
import { DiskFormat } from './image-origin.ts';
import { LIMITS } from './limits.ts';
import { component, nullable, nullableString } from './schema.ts';

/** A guest sees 20 bytes of a serial number. */
const DISK_NAME_PATTERN = '^[a-z0-9]([a-z0-9-]{0,18}[a-z0-9])?$';

/** Unique in the VM. */
export const DiskName = Type.String({
  pattern: DISK_NAME_PATTERN,
  description: 'Unique in the VM: 1 to 20 lower-case letters, digits and hyphens.',
  examples: ['data'],
});
/** By which a guest finds a disk. */
export const DiskTarget = Type.String({
  pattern: DISK_NAME_PATTERN,
  description: 'In the guest it is at `/dev/disk/by-id/virtio-TARGET`. Default: its name.',
});
/** Virtual size. */
export const DiskSizeGib = Type.Integer({
  ...LIMITS.diskGib,
  description:
    'Virtual size, GiB. May be left out of one that begins with something that is on the host: it is as large as that, rounded up. Not given of one that is only read.',
});
/** Whether its guest can write to it. */
export const DiskReadonly = Type.Boolean({
  description: 'The guest cannot write to it, and others that begin with the same share it. Only with a content.',
});

/** A disk image that a disk begins with. */
export const contentFields = {
  url: Type.Optional(
    Type.String({ maxLength: 2048, description: 'A disk image that it begins with, http or https. This or `path`.' }),
  ),
  path: Type.Optional(
    Type.String({
      maxLength: 4096,
      pattern: '^/[^\\u0000]*$',
      description:
        'A disk image below a folder of `image_folders`, on the server. It takes the permission `image:import-local`, as do URLs that name a private address.',
    }),
  ),
  sha256: Type.Optional(
    Type.String({ pattern: '^[0-9a-f]{64}$', description: 'Of the disk image as it is fetched, hex.' }),
  ),
  format: Type.Optional(DiskFormat),
};

export const ExtraDiskRequest = component(
  'ExtraDiskRequest',
  {
    name: DiskName,
    size_gib: Type.Optional(DiskSizeGib),
    target: Type.Optional(DiskTarget),
    readonly: Type.Optional(DiskReadonly),
    ...contentFields,
  },
  {
    description:
      'A disk besides the root. It is empty when it is made, or begins with a disk image, which takes the permission `image:create`. It is kept, saved, forked and deleted with the VM.',
    examples: [{ name: 'data', size_gib: 4 }],
  },
);
export type ExtraDiskRequest = Static<typeof ExtraDiskRequest>;

export const ExtraDisk = component(
  'ExtraDisk',
  {
    name: DiskName,
    size_gib: nullable(Type.Integer({ description: 'Virtual size, GiB; null of one that is only read.' })),
    target: DiskTarget,
    readonly: DiskReadonly,
    sha256: nullable(Type.String({ description: 'Of the disk image that it begins with; null: it was empty.' })),
    format: nullable(DiskFormat),
    volume: nullableString({ description: "Id of the volume that it is; null: it is the VM's own." }),
  },
  {
    description: 'A disk besides the root.',
    examples: [
      {
        ...{ name: 'data', size_gib: 4, target: 'data', readonly: false },
        ...{ sha256: null, format: null, volume: null },
      },
    ],
  },
);
export type ExtraDisk = Static<typeof ExtraDisk>;

/** In requests that make a VM, or what one is made from. */
export const extraDisksField = {
  disks: Type.Optional(
    Type.Array(ExtraDiskRequest, { maxItems: LIMITS.extraDisks, description: 'Disks besides the root.' }),
  ),
};
