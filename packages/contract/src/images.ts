import { type Static, Type } from 'typebox';
import { ImageName } from './ids.ts';
import { DiskOrigin, ImageBoot, ImageFirmware, RecipeOrigin } from './image-origin.ts';
import { Labels, NewLabels } from './labels.ts';
import { component, nullable, nullableString, object, pageOf, timestamp } from './schema.ts';

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

const EXAMPLE_ENTRY = {
  name: 'base',
  description: 'A small Debian',
  labels: {},
  is_built_in: true,
  owner: null,
  template: null,
  disk: null,
  recipe: null,
  last_used_at: '2026-01-31T12:00:00.000Z',
  current: EXAMPLE_IMAGE,
  older: [],
} as const;

export const ImageEntry = component(
  'ImageEntry',
  {
    name: ImageName,
    description: Type.String({ description: 'For people.' }),
    labels: Labels,
    is_built_in: Type.Boolean({ description: 'It came with the program.' }),
    owner: nullableString({
      description: 'Who defined it; null of a built-in one, and of one that is defined no more.',
    }),
    template: nullableString({ description: 'The template that it belongs to, `name@version`.' }),
    disk: nullable(DiskOrigin),
    recipe: nullable(RecipeOrigin),
    last_used_at: nullableString({ format: 'date-time', description: 'When a VM was last made from it; null: never.' }),
    current: nullable(Image),
    older: Type.Array(Image, {
      description: "Made from what the name stood for before; kept while a VM's disk needs them.",
    }),
  },
  {
    description:
      'A name, what it stands for, and what was made of it; `current` is null until it is. `disk` and `recipe` say what it is made of to who may define images (`image:create`), and are null to others.',
    examples: [EXAMPLE_ENTRY],
  },
);
export type ImageEntry = Static<typeof ImageEntry>;

export const ImagePage = pageOf('ImagePage', ImageEntry, EXAMPLE_ENTRY);
export type ImagePage = Static<typeof ImagePage>;

export const DefineImageRequest = component(
  'DefineImageRequest',
  {
    name: ImageName,
    description: Type.Optional(Type.String({ maxLength: 256, pattern: '^[^\\u0000]*$', description: 'For people.' })),
    labels: Type.Optional(NewLabels),
    disk: Type.Optional(DiskOrigin),
    recipe: Type.Optional(RecipeOrigin),
  },
  {
    description: 'What a name is to stand for: a disk image, or a recipe.',
    examples: [
      {
        name: 'debian-12',
        disk: {
          path: '/var/lib/volary/imports/debian-12.qcow2',
          sha256: '5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef',
          format: 'qcow2',
        },
      },
    ],
  },
);
export type DefineImageRequest = Static<typeof DefineImageRequest>;

export const RemovedImages = component(
  'RemovedImages',
  { items: Type.Array(Image) },
  { description: 'The images that were removed.', examples: [{ items: [EXAMPLE_IMAGE] }] },
);
export type RemovedImages = Static<typeof RemovedImages>;

export const ImageRefParams = object(
  {
    name: Type.String({
      pattern: '^([0-9a-f]{64}|[a-z0-9]([a-z0-9._-]{0,61}[a-z0-9])?)$',
      maxLength: 64,
      description: 'A name (all its versions) or a digest.',
      examples: ['base'],
    }),
  },
  { description: 'An image.' },
);
