import { invalidFields } from '../../validation.ts';
import type { CreateVm } from './schemas.ts';

/** In each VM, unless other versions of them are asked for. */
const DEFAULT_TOOLS = ['git', 'nodejs@20', 'bun@latest', 'claude-code@latest'] as const;

/**
 * The tools of a VM that is asked for. Throws `invalid_argument` request.invalid for a version of what is none of them: whether there is such a
 * tool or version, the engine says.
 */
export function toolsOf({ additional_tools = [], tool_versions = {} }: CreateVm): readonly string[] {
  const asked = [...DEFAULT_TOOLS, ...additional_tools];
  const names = new Set(asked.map(nameOf));
  const stray = Object.keys(tool_versions).filter((name) => !names.has(name));
  if (stray.length > 0) {
    const message = `is not among the tools of this VM, which are: ${[...names].join(', ')}`;
    throw invalidFields(stray.map((name) => ({ field: `tool_versions.${name}`, message, allowed: [...names] })));
  }
  const versions = new Map(Object.entries(tool_versions));
  return asked.map((tool) => {
    const version = versions.get(nameOf(tool));
    return version === undefined ? tool : `${nameOf(tool)}@${version}`;
  });
}

function nameOf(tool: string): string {
  return tool.split('@', 1)[0] ?? '';
}
