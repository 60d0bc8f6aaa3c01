import { type Static, Type } from 'typebox';
import { component, nullableString } from './schema.ts';

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
