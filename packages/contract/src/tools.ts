import { type Static, Type } from 'typebox';
import { Labels } from './labels.ts';
import { component, nullableString, object, pageOf, timestamp } from './schema.ts';

/** A tool's name: a word of the catalogue. */
export const TOOL_NAME_PATTERN = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?';
/** Which of its versions: `20`, `1.2.x`, `^3.1`, `>=1 <2`, `latest`, `debian`, an exact one. */
export const TOOL_RANGE_PATTERN = '[0-9A-Za-z^~<>=|*][0-9A-Za-z.+~^<>=|* _:-]{0,63}';
/** How many tools one VM or template may have. */
export const TOOLS_LIMIT = 32;

export const ToolName = Type.String({
  pattern: `^${TOOL_NAME_PATTERN}$`,
  maxLength: 63,
  description: 'A tool of the catalogue.',
  examples: ['nodejs'],
});

/** `nodejs@20`, `bun`: the newest version that there is of this range. */
export const ToolRequest = Type.String({
  pattern: `^${TOOL_NAME_PATTERN}(@${TOOL_RANGE_PATTERN})?$`,
  maxLength: 128,
  description:
    'A tool and, after an `@`, which of its versions: `20`, `^1.4`, `latest`, an exact one. Without: its default.',
  examples: ['nodejs@20'],
});

/** What requests and templates say of tools. */
export const toolsField = {
  tools: Type.Optional(
    Type.Array(ToolRequest, {
      maxItems: TOOLS_LIMIT,
      description:
        'Tools that are in its guest, on the `PATH` of every user, shell and command; each resolved to one exact version when the VM is created, and given to it read-only.',
      examples: [['nodejs@20', 'git']],
    }),
  ),
};

export const VmTool = component(
  'VmTool',
  {
    name: ToolName,
    version: Type.String({ description: 'The exact version.', examples: ['20.19.5'] }),
    digest: nullableString({
      description: 'sha256 of its pack, in hex; null until that has been built.',
      examples: ['5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef'],
    }),
  },
  {
    description: 'A tool of a VM, in one version.',
    examples: [
      {
        name: 'nodejs',
        version: '20.19.5',
        digest: '5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef',
      },
    ],
  },
);
export type VmTool = Static<typeof VmTool>;

const EXAMPLE_PACK = {
  name: 'nodejs',
  version: '20.19.5',
  digest: '5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef',
  size_bytes: 58_777_600,
  built_at: '2026-01-31T11:00:00.000Z',
  used_at: '2026-01-31T12:00:00.000Z',
} as const;

export const ToolPack = component(
  'ToolPack',
  {
    name: ToolName,
    version: Type.String({ description: 'The exact version.' }),
    digest: Type.String({ description: 'sha256 of its file, in hex.' }),
    size_bytes: Type.Integer({ minimum: 0, description: "What it takes on the host's disk." }),
    built_at: timestamp('When it was built.'),
    used_at: timestamp('When a VM was last given it, or it was built.'),
  },
  { description: 'A tool in one version, built on this host.', examples: [EXAMPLE_PACK] },
);
export type ToolPack = Static<typeof ToolPack>;

const EXAMPLE_ENTRY = {
  name: 'nodejs',
  description: 'Node.js, with npm',
  aliases: ['node'],
  sources: ['npm'],
  packs: [EXAMPLE_PACK],
  labels: {},
} as const;

export const ToolEntry = component(
  'ToolEntry',
  {
    name: ToolName,
    description: Type.String({ description: 'What it is.' }),
    aliases: Type.Array(Type.String(), { description: 'Other names for it.' }),
    sources: Type.Array(Type.String(), {
      description: 'Where its versions come from, the default first; `go@debian` asks for one of them.',
    }),
    packs: Type.Array(ToolPack, { description: 'What was built of it, newest first.' }),
    labels: Labels,
  },
  { description: 'A tool of the catalogue, and what was built of it.', examples: [EXAMPLE_ENTRY] },
);
export type ToolEntry = Static<typeof ToolEntry>;

export const ToolPage = pageOf('ToolPage', ToolEntry, EXAMPLE_ENTRY);
export type ToolPage = Static<typeof ToolPage>;

export const BuildToolRequest = component(
  'BuildToolRequest',
  {
    version: Type.Optional(
      Type.String({
        pattern: `^${TOOL_RANGE_PATTERN}$`,
        description: 'Which version, as a range. Default: the newest of its default source.',
      }),
    ),
  },
  { description: 'What to build of a tool.', examples: [{ version: '20' }] },
);
export type BuildToolRequest = Static<typeof BuildToolRequest>;

export const RemovedTools = component(
  'RemovedTools',
  { items: Type.Array(ToolPack) },
  { description: 'The packs that were removed.', examples: [{ items: [EXAMPLE_PACK] }] },
);
export type RemovedTools = Static<typeof RemovedTools>;

export const ToolRefParams = object(
  {
    name: Type.String({
      pattern: '^([0-9a-f]{64}|[a-z0-9][a-z0-9-]{0,62}(@[0-9A-Za-z.+_-]{1,64})?)$',
      maxLength: 128,
      description: 'A name (all its versions), `name@version`, or a digest.',
      examples: ['nodejs@20.19.5'],
    }),
  },
  { description: 'What was built of a tool.' },
);
