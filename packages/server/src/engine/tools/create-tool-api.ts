import type { ToolApi } from '../apis/tool-api.ts';
import { buildTool, type ToolOperationDeps } from '../operations/build-tool.ts';
import { removeTool } from '../operations/remove-tool.ts';
import { updateTool } from '../operations/update-tool.ts';
import { listTools } from '../queries/tools.ts';

/** What can be asked of tools. */
export function createToolApi(deps: ToolOperationDeps): ToolApi {
  return {
    list: (principal, which) => listTools(deps, principal, which),
    update: (principal, name, change) => updateTool(deps, principal, name, change),
    build: (principal, request, options) => buildTool(deps, principal, request, options),
    remove: (principal, ref) => removeTool(deps, principal, ref),
  };
}
