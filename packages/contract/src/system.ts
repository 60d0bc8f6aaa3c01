import { type Static, Type } from 'typebox';
import { EXAMPLE_IDS } from './ids.ts';
import { component, enumComponent, nullableString, nullableTimestamp, stringEnum } from './schema.ts';

export const STORAGE_KINDS = [
  'images',
  'disks',
  'snapshots',
  'volumes',
  'warm_templates',
  'tools',
  'leftovers',
] as const;

/** What goes when nobody says what. */
export const DEFAULT_PRUNE_KINDS = ['images', 'warm_templates', 'tools', 'leftovers'] as const;

export const StorageKind = enumComponent(
  'StorageKind',
  STORAGE_KINDS,
  'What takes room. `tools`: packs of tools, each in one version. `leftovers`: what a server or a build that died has left.',
);
export type StorageKind = Static<typeof StorageKind>;

export const StorageUser = component(
  'StorageUser',
  {
    kind: stringEnum(['vm', 'snapshot', 'recipe', 'template', 'deployment', 'build'], {
      description:
        'What it is. `recipe`: VMs of its name are made from this image now. `template`: VMs that are made from this version are given it. `deployment`: replicas of one of its revisions are. `build`: it is being built.',
    }),
    id: nullableString({ description: 'Its id; null for a recipe, which has a name alone.' }),
    name: Type.String({ description: 'Its name.' }),
  },
  { description: 'What needs a thing.', examples: [{ kind: 'vm', id: EXAMPLE_IDS.vm, name: 'first' }] },
);

const bytes = (description: string) => Type.Integer({ minimum: 0, description });

export const StoredThing = component(
  'StoredThing',
  {
    id: Type.String({ description: 'A digest, an id, a key; of a leftover its name.' }),
    name: nullableString({ description: 'Its name, if it has one.' }),
    bytes: bytes('What it really has on the disk.'),
    last_used_at: nullableTimestamp('When a VM was last made of it, or given it; null where nobody notes that.'),
    is_reclaimable: Type.Boolean({ description: 'Nothing needs it: it goes when its kind is pruned.' }),
    used_by: Type.Array(StorageUser, { description: 'What needs it; at most ten of them.' }),
    user_count: bytes('How many need it.'),
  },
  {
    description: 'One thing on the disk.',
    examples: [
      {
        id: '5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef',
        name: 'base',
        bytes: 251_658_240,
        last_used_at: '2026-01-31T12:00:00.000Z',
        is_reclaimable: false,
        used_by: [{ kind: 'recipe', id: null, name: 'base' }],
        user_count: 1,
      },
    ],
  },
);

export const StorageUse = component(
  'StorageUse',
  {
    kind: StorageKind,
    count: bytes('How many there are.'),
    bytes: bytes('What they have on the disk.'),
    reclaimable_bytes: bytes(
      'What of it nothing needs. Less may be freed where files are shared with other installations.',
    ),
    items: Type.Array(StoredThing, { description: 'Largest first; at most a hundred.' }),
  },
  {
    description: 'What one kind of things takes.',
    examples: [{ kind: 'leftovers', count: 0, bytes: 0, reclaimable_bytes: 0, items: [] }],
  },
);
export type StorageUse = Static<typeof StorageUse>;

export const SystemUsage = component(
  'SystemUsage',
  { items: Type.Array(StorageUse, { description: 'All kinds, also those of which there is nothing.' }) },
  {
    description: "What this installation has on the host's disk.",
    examples: [{ items: [{ kind: 'leftovers', count: 0, bytes: 0, reclaimable_bytes: 0, items: [] }] }],
  },
);
export type SystemUsage = Static<typeof SystemUsage>;

const ComponentStatus = enumComponent(
  'ComponentStatus',
  ['ok', 'degraded', 'failed', 'disabled'],
  '`degraded`: something is not possible, or not as it should be. `failed`: the server takes no work. `disabled`: it was not asked for.',
);

const EXAMPLE_COMPONENT = { name: 'database', status: 'ok', why: null, detail: null } as const;

const SystemComponent = component(
  'SystemComponent',
  {
    name: Type.String({
      description:
        '`server`, `disk`, `database`, `event_bus`, `networks`, `rate_limiter`, `logs`, `loki`, `metrics`, `alerts`, `traces`, `github`, `slack`, `discord`, or `driver.` and its kind.',
    }),
    status: ComponentStatus,
    why: nullableString({ description: 'Why, as a sentence; null where it is well.' }),
    detail: nullableString({
      description: 'What else there is to be said of it, also where it is well; null: nothing.',
    }),
  },
  {
    description: 'A part of the server that work depends on, or by which it is seen what becomes of that.',
    examples: [EXAMPLE_COMPONENT],
  },
);

export const SystemHealth = component(
  'SystemHealth',
  {
    status: ComponentStatus,
    components: Type.Array(SystemComponent, { description: 'Each part, as it is now.' }),
  },
  {
    description: 'How the server is: as the worst of its parts.',
    examples: [{ status: 'ok', components: [EXAMPLE_COMPONENT] }],
  },
);
export type SystemHealth = Static<typeof SystemHealth>;

export const PruneRequest = component(
  'PruneRequest',
  {
    kinds: Type.Optional(
      Type.Array(StorageKind, {
        minItems: 1,
        maxItems: STORAGE_KINDS.length,
        description:
          'What to look at. Default: images, warm_templates, tools and leftovers, all of which can be made again; disks and snapshots that belong to nothing have to be named.',
      }),
    ),
    dry_run: Type.Optional(Type.Boolean({ description: 'Say what would go, and remove nothing. Default: false.' })),
  },
  {
    description: 'What is to be removed, as far as nothing needs it.',
    examples: [{ kinds: ['images'], dry_run: true }],
  },
);
export type PruneRequest = Static<typeof PruneRequest>;
