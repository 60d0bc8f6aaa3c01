import { type Static, Type } from 'typebox';
import { LIMITS } from './limits.ts';
import { component } from './schema.ts';

/** It is the serial number of the disk, of which a guest sees 20 bytes. */
const DISK_NAME_PATTERN = '^[a-z0-9]([a-z0-9-]{0,18}[a-z0-9])?$';

const name = Type.String({
  pattern: DISK_NAME_PATTERN,
  description:
    'Unique in the VM: 1 to 20 lower-case letters, digits and hyphens. In the guest it is at `/dev/disk/by-id/virtio-NAME`.',
  examples: ['data'],
});
const sizeGib = Type.Integer({ ...LIMITS.diskGib, description: 'Virtual size, GiB.' });

export const ExtraDisk = component(
  'ExtraDisk',
  { name, size_gib: sizeGib },
  {
    description:
      'A disk besides the root, empty when it is made. It is kept and deleted with the VM, which cannot be saved or forked while it has one.',
    examples: [{ name: 'data', size_gib: 4 }],
  },
);
export type ExtraDisk = Static<typeof ExtraDisk>;

/** In requests that make a VM, or what one is made from. */
export const extraDisksField = {
  disks: Type.Optional(Type.Array(ExtraDisk, { maxItems: LIMITS.extraDisks, description: 'Disks besides the root.' })),
};
