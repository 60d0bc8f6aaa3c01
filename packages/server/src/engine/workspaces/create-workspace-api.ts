import type { WorkspaceApi } from '../apis/workspace-api.ts';
import { createWorkspace, type WorkspaceDeps } from '../operations/create-workspace.ts';
import { deleteWorkspace } from '../operations/delete-workspace.ts';
import { extendWorkspace, updateWorkspace } from '../operations/update-workspace.ts';
import { createWorkspaceQueries } from '../queries/workspaces.ts';
import type { BuiltInTemplates } from '../templates/sync-built-in.ts';

/** What can be asked about workspaces; templates that come with the program are known before one is looked for. */
export function createWorkspaceApi(deps: WorkspaceDeps, { whenKnown }: BuiltInTemplates): WorkspaceApi {
  return {
    create: async (principal, request, options) => {
      if (request.vm.template !== undefined) await whenKnown();
      return await createWorkspace(deps, principal, request, options);
    },
    update: (principal, ref, change, options) => updateWorkspace(deps, principal, ref, change, options),
    extend: (principal, ref, lifetime, options) => extendWorkspace(deps, principal, ref, lifetime, options),
    delete: (principal, ref, options) => deleteWorkspace(deps, principal, ref, options),
    ...createWorkspaceQueries(deps),
  };
}
