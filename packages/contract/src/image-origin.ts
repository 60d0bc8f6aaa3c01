import { type Static, Type } from 'typebox';
import { component, nullable, object, stringEnum } from './schema.ts';

const SHA256 = Type.String({ pattern: '^[0-9a-f]{64}$', description: 'Of the file as it is fetched, hex.' });

const place = {
  url: Type.Optional(Type.String({ maxLength: 2048, description: 'http or https. This or `path`.' })),
  path: Type.Optional(
    Type.String({
      maxLength: 4096,
      pattern: '^/[^\\u0000]*$',
      description:
        'A file below a folder of `image_folders`, on the server. It takes the permission `image:import-local`, as do URLs that name a private address.',
    }),
  ),
  sha256: SHA256,
};

/** A file to be fetched: by URL or path, known by its bytes. */
export const ImageFileSource = object(place, { description: 'A file, known by its bytes.' });
export type ImageFileSource = Static<typeof ImageFileSource>;

export const ImageBoot = stringEnum(['direct', 'firmware'], {
  description:
    '`direct`: the monitor enters a kernel, and the disk is one ext4 file system, its root. `firmware`: the boot loader on the disk is started.',
});
export const ImageFirmware = stringEnum(['bios', 'uefi'], { description: 'What starts the disk.' });
export const DiskFormat = stringEnum(['qcow2', 'raw'], { description: 'What the file is; nothing is guessed.' });

/** What an image is made from when it is built from packages. */
export const RecipeOrigin = component(
  'RecipeOrigin',
  {
    packages: Type.Optional(
      Type.Array(Type.String({ pattern: '^[a-z0-9][a-z0-9+.-]{1,127}$' }), {
        maxItems: 256,
        description: "Debian's packages, besides those of `base`.",
      }),
    ),
    files: Type.Optional(
      Type.Array(
        object(
          {
            path: Type.String({ maxLength: 4096, pattern: '^/', description: 'Absolute, in the root.' }),
            content: Type.String({ maxLength: 262_144, description: 'Text.' }),
            mode: Type.Optional(Type.String({ pattern: '^[0-7]{3,4}$', description: 'Octal. Default: `0644`.' })),
            owner: Type.Optional(
              Type.String({
                maxLength: 65,
                description: '`user` or `user:group`, as the root knows them. Default: `root:root`.',
              }),
            ),
          },
          { description: 'A file.' },
        ),
        { maxItems: 256, description: 'Put into the root when its packages are there.' },
      ),
    ),
    commands: Type.Optional(
      Type.Array(Type.String({ minLength: 1, maxLength: 8192 }), {
        maxItems: 64,
        description: 'Scripts of the shell, run in the root as root one after the other; without a network.',
      }),
    ),
    root_gib: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 64,
        description: "Size of the root before a VM's disk makes it larger. Default: 1.",
      }),
    ),
  },
  {
    description: 'What `base` is made of, with packages, files and commands on top.',
    examples: [{ packages: ['jq'], files: [{ path: '/etc/motd', content: 'hello\n' }], commands: ['jq --version'] }],
  },
);
export type RecipeOrigin = Static<typeof RecipeOrigin>;

/** What an image is made from when it is a disk image. Where templates and requests name images by it, it is the same. */
export const DiskOrigin = component(
  'DiskOrigin',
  {
    ...place,
    format: DiskFormat,
    boot: Type.Optional(
      stringEnum(['direct', 'firmware'], {
        description: 'How it starts. Default: `direct` where a kernel is named, else `firmware`.',
      }),
    ),
    firmware: Type.Optional(
      stringEnum(['bios', 'uefi'], { description: 'What starts the disk, of `firmware`. Default: `bios`.' }),
    ),
    kernel: Type.Optional(nullable(ImageFileSource)),
    initramfs: Type.Optional(nullable(ImageFileSource)),
  },
  {
    description:
      'A disk image. One that is `direct` starts by our kernel with the guest agent, or by the kernel that is named; that gets an initramfs with the agent alone, or the one that is named.',
    examples: [
      {
        url: 'https://cloud.debian.org/images/cloud/bookworm/latest/debian-12-genericcloud-amd64.qcow2',
        sha256: '5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef',
        format: 'qcow2',
      },
    ],
  },
);
export type DiskOrigin = Static<typeof DiskOrigin>;
