import { type Static, Type } from 'typebox';
import { ImageName } from './ids.ts';
import { LIMITS } from './limits.ts';
import { VmNetworkRequest } from './networks.ts';
import { component, nullable, nullableString, object, pageOf, stringEnum, timestamp } from './schema.ts';
import { StorageUser } from './system.ts';

const EXAMPLE_KEY = '8d3c1f0b5a7e49260c1d2e3f40516273';

const EXAMPLE_TEMPLATE = {
  key: EXAMPLE_KEY,
  image: 'base',
  image_digest: '5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef',
  vcpus: 1,
  memory_mib: 256,
  disk_gib: 8,
  network_mode: 'user',
  size_bytes: 94_371_840,
  halted_ms: 240,
  is_usable: true,
  unusable_because: null,
  spare_count: 2,
  used_by: [],
  user_count: 0,
  created_at: '2026-01-31T11:00:00.000Z',
  last_used_at: '2026-01-31T12:00:00.000Z',
} as const;

const count = (description: string) => Type.Integer({ minimum: 0, description });

export const WarmTemplate = component(
  'WarmTemplate',
  {
    key: Type.String({
      description: 'Names it; made of all that a VM which begins from it depends on.',
      examples: [EXAMPLE_KEY],
    }),
    image: nullable(ImageName),
    image_digest: Type.String({ description: 'The very image its guest has booted.' }),
    vcpus: Type.Integer({ ...LIMITS.vcpus, description: 'Virtual CPUs of the VMs that it is for.' }),
    memory_mib: Type.Integer({ ...LIMITS.memoryMib, description: 'Their memory, MiB.' }),
    disk_gib: Type.Integer({ ...LIMITS.diskGib, description: 'Virtual size of their disk, GiB.' }),
    network_mode: nullable(
      stringEnum(['user', 'none', 'bridge'], {
        description: 'How they are joined to the network; null for one that cannot be used, of which nobody can tell.',
      }),
    ),
    size_bytes: count("What it takes on the host's disk."),
    halted_ms: count('How long its guest was halted while it was saved, milliseconds.'),
    is_usable: Type.Boolean({ description: 'Whether the next VM of its kind begins from it.' }),
    unusable_because: nullableString({ description: 'Why not, for people; null when it is usable.' }),
    spare_count: count('Machines of it that wait for their VMs.'),
    used_by: Type.Array(StorageUser, {
      description: 'VMs that are about to begin from it; at most ten of them. Those that have begun need it no more.',
    }),
    user_count: count('How many VMs those are.'),
    created_at: timestamp('When it was made.'),
    last_used_at: timestamp('When a machine last began from it, or it was made.'),
  },
  {
    description: 'A guest that has booted and does nothing, saved so that new VMs begin as forks of it.',
    examples: [EXAMPLE_TEMPLATE],
  },
);
export type WarmTemplate = Static<typeof WarmTemplate>;

export const WarmTemplatePage = pageOf('WarmTemplatePage', WarmTemplate, EXAMPLE_TEMPLATE);
export type WarmTemplatePage = Static<typeof WarmTemplatePage>;

export const BuildWarmTemplateRequest = component(
  'BuildWarmTemplateRequest',
  {
    image: Type.Optional(ImageName),
    vcpus: Type.Optional(Type.Integer({ ...LIMITS.vcpus, description: 'Virtual CPUs. Default: 1.' })),
    memory_mib: Type.Optional(Type.Integer({ ...LIMITS.memoryMib, description: 'Memory, MiB. Default: 256.' })),
    disk_gib: Type.Optional(
      Type.Integer({ ...LIMITS.diskGib, description: 'Virtual size of the disk, GiB. Default: 8.' }),
    ),
    network: Type.Optional(VmNetworkRequest),
  },
  {
    description: 'The VMs that the template is for: what is left out is as when a VM is created without it.',
    examples: [{ image: 'base', vcpus: 2, memory_mib: 512 }],
  },
);
export type BuildWarmTemplateRequest = Static<typeof BuildWarmTemplateRequest>;

export const WarmTemplateParams = object(
  {
    key: Type.String({
      pattern: '^[0-9a-f]{32}$',
      description: 'The `key` of a warm template.',
      examples: [EXAMPLE_KEY],
    }),
  },
  { description: 'A warm template.' },
);
