import type { Operation } from '../../domain/operation/operation.ts';
import type { Principal } from '../../domain/principal/principal.ts';
import type { ToolPack } from '../../domain/tool/tool.ts';
import type { CatalogueEntry } from '../../ports/tool-source.ts';
import { authorise } from '../access/authorise.ts';
import type { EngineDeps } from '../deps.ts';
import { buildTool, type ToolOperationDeps } from '../operations/build-tool.ts';
import { removeTool } from '../operations/remove-tool.ts';
import type { Once } from '../requests.ts';

/** A tool of the catalogue, and what was built of it, newest first. */
export interface ToolEntry extends CatalogueEntry {
  readonly packs: readonly ToolPack[];
}

export interface ToolApi {
  list(principal: Principal): Promise<readonly ToolEntry[]>;
  /**
   * Has a version built; `range` null: the newest of its default source. A build of it that is under way is returned as it is. Throws
   * `invalid_argument` tool.*, `unavailable` tool.unreachable.
   */
  build(
    principal: Principal,
    request: { readonly name: string; readonly range: string | null },
    options?: Once,
  ): Promise<Operation>;
  /** Throws `not_found` tool.not_built, `failed_precondition` tool.in_use. */
  remove(principal: Principal, ref: string): Promise<readonly ToolPack[]>;
}

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
  const known = tools.catalogue.map((entry) => ({ ...entry, packs: packs.filter(({ name }) => name === entry.name) }));
  const names = new Set(known.map(({ name }) => name));
  const others = [...new Set(packs.map(({ name }) => name))].filter((name) => !names.has(name));
  const gone = others.map((name) => ({
    ...{ name, description: 'Not in the catalogue any more', aliases: [], sources: [] },
    packs: packs.filter((pack) => pack.name === name),
  }));
  return [...known, ...gone];
}
