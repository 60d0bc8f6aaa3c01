import { type Static, Type } from 'typebox';
import { LIMITS } from './limits.ts';
import { component, nullable, object, stringEnum } from './schema.ts';

/** It is the serial number of the disk, of which a guest sees 20 bytes. */
const DISK_NAME_PATTERN = '^[a-z0-9]([a-z0-9-]{0,18}[a-z0-9])?$';

const name = Type.String({
  pattern: DISK_NAME_PATTERN,
  description:
    'Unique in the VM: 1 to 20 lower-case letters, digits and hyphens. In the guest it is at `/dev/disk/by-id/virtio-NAME`.',
  examples: ['data'],
});
const sizeGib = Type.Integer({ ...LIMITS.diskGib, description: 'Virtual size, GiB.' });

export const ExtraDiskSource = object(
  {
    url: Type.Optional(Type.String({ maxLength: 2048, description: 'http or https. This or `path`.' })),
    path: Type.Optional(
      Type.String({ maxLength: 4096, description: 'A file below a folder of `image_folders`, on the server.' }),
    ),
    sha256: Type.String({ pattern: '^[0-9a-f]{64}$', description: 'Of the file as it is fetched.' }),
    format: stringEnum(['qcow2', 'raw'], { description: 'What the file is.' }),
  },
  { description: 'Where the first content of a disk comes from.' },
);

export const ExtraDiskRequest = component(
  'ExtraDiskRequest',
  {
    name,
    size_gib: Type.Optional(sizeGib),
    source: Type.Optional(ExtraDiskSource),
    readonly: Type.Optional(Type.Boolean({ description: 'True: the guest cannot write to it. Default: false.' })),
  },
  {
    description:
      'A disk besides the root: empty, of `size_gib`, or with the content of `source`, then of that size at least.',
    examples: [{ name: 'data', size_gib: 4 }],
  },
);
export type ExtraDiskRequest = Static<typeof ExtraDiskRequest>;

export const ExtraDisk = component(
  'ExtraDisk',
  { name, size_gib: sizeGib, source: nullable(ExtraDiskSource), readonly: Type.Boolean() },
  {
    description: 'A disk besides the root.',
    examples: [{ name: 'data', size_gib: 4, source: null, readonly: false }],
  },
);
export type ExtraDisk = Static<typeof ExtraDisk>;

/** In requests that make a VM, or what one is made from. */
export const extraDisksField = {
  disks: Type.Optional(
    Type.Array(ExtraDiskRequest, { maxItems: LIMITS.extraDisks, description: 'Disks besides the root.' }),
  ),
};
