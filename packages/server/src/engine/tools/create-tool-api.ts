import type { Principal } from '../../domain/principal/principal.ts';
import { authorise } from '../access/authorise.ts';
import type { ToolApi, ToolEntry } from '../apis/tool-api.ts';
import type { EngineDeps } from '../deps.ts';
import { buildTool, type ToolOperationDeps } from '../operations/build-tool.ts';
import { removeTool } from '../operations/remove-tool.ts';

/** What can be asked of tools. */
export function createToolApi(deps: ToolOperationDeps): ToolApi {
  return {
    list: (principal) => listTools(deps, principal),
    build: (principal, request, options) => buildTool(deps, principal, request, options),
    remove: (principal, ref) => removeTool(deps, principal, ref),
  };
}

/** What was built of tools that are in the catalogue no more comes last. */
async function listTools({ tools }: Pick<EngineDeps, 'tools'>, principal: Principal): Promise<readonly ToolEntry[]> {
  authorise(principal, 'tool:read');
  const packs = await tools.list();
  const known = (await tools.catalogue()).map((entry) => ({
    ...entry,
    packs: packs.filter(({ name }) => name === entry.name),
  }));
  const names = new Set(known.map(({ name }) => name));
  const others = [...new Set(packs.map(({ name }) => name))].filter((name) => !names.has(name));
  const gone = others.map((name) => ({
    ...{ name, description: 'Not in the catalogue any more', aliases: [], sources: [] },
    packs: packs.filter((pack) => pack.name === name),
  }));
  return [...known, ...gone];
}
