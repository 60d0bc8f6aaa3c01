import { type Static, Type } from 'typebox';
import { ImageName } from './ids.ts';
import { component, nullable, object, pageOf, timestamp } from './schema.ts';

const EXAMPLE_IMAGE = {
  name: 'base',
  digest: '5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef',
  root_bytes: 419_430_400,
  size_bytes: 251_658_240,
  boot: 'direct',
  firmware: null,
  kernel_version: '6.1.0-28-cloud-amd64',
  built_at: '2026-01-31T11:00:00.000Z',
} as const;

export const ImageBoot = Type.Union([Type.Literal('direct'), Type.Literal('firmware')], {
  description:
    '`direct`: the monitor enters a kernel, whose root is the disk. `firmware`: the boot loader on the disk is started.',
});
export const ImageFirmware = Type.Union([Type.Literal('bios'), Type.Literal('uefi')], {
  description: 'What starts the disk.',
});

export const Image = component(
  'Image',
  {
    name: ImageName,
    digest: Type.String({ description: 'sha256 over everything it was made from, in hex.' }),
    root_bytes: Type.Integer({ minimum: 0, description: 'Virtual size of its root disk.' }),
    size_bytes: Type.Integer({ minimum: 0, description: "What it takes on the host's disk." }),
    boot: ImageBoot,
    firmware: nullable(ImageFirmware),
    kernel_version: nullable(Type.String({ description: 'The kernel it boots; null where firmware starts its disk.' })),
    built_at: timestamp('When it was built.'),
  },
  { description: 'A bootable image: a root disk, and what starts it.', examples: [EXAMPLE_IMAGE] },
);
export type Image = Static<typeof Image>;

const EXAMPLE_ENTRY = { name: 'base', current: EXAMPLE_IMAGE, older: [] } as const;

export const ImageEntry = component(
  'ImageEntry',
  {
    name: ImageName,
    current: nullable(Image),
    older: Type.Array(Image, {
      description: "Built from earlier states of the recipe; kept while a VM's disk needs them.",
    }),
  },
  { description: 'A recipe, and what was built of it; `current` is null until it is.', examples: [EXAMPLE_ENTRY] },
);
export type ImageEntry = Static<typeof ImageEntry>;

export const ImagePage = pageOf('ImagePage', ImageEntry, EXAMPLE_ENTRY);
export type ImagePage = Static<typeof ImagePage>;

export const RemovedImages = component(
  'RemovedImages',
  { items: Type.Array(Image) },
  { description: 'The images that were removed.', examples: [{ items: [EXAMPLE_IMAGE] }] },
);
export type RemovedImages = Static<typeof RemovedImages>;

export const ImageRefParams = object(
  {
    ref: Type.String({
      pattern: '^([0-9a-f]{64}|[a-z0-9]([a-z0-9._-]{0,61}[a-z0-9])?)$',
      maxLength: 64,
      description: 'A name (all its versions) or a digest.',
      examples: ['base'],
    }),
  },
  { description: 'An image.' },
);
