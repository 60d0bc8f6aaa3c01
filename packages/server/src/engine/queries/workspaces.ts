import { VolaryError } from '../../domain/errors.ts';
import type { WorkspaceId } from '../../domain/ids.ts';
import { reachOf } from '../../domain/principal/principal.ts';
import type { WorkspaceStatus } from '../../domain/workspace/status.ts';
import type { Workspace } from '../../domain/workspace/workspace.ts';
import { authorise } from '../access/authorise.ts';
import { ofOwner } from '../access/of-owner.ts';
import type { SeenWorkspace, WorkspaceApi } from '../apis/workspace-api.ts';
import type { EngineDeps } from '../deps.ts';
import { seeWorkspace } from '../workspaces/see-workspace.ts';
import { findWithVm, findWorkspace, unknownWorkspace } from './find-workspace.ts';
import { selectedPage } from './selected-page.ts';
import { waitFor } from './wait-for.ts';

type QueryDeps = Pick<EngineDeps, 'store' | 'bus' | 'clock' | 'drivers'>;

/** What can be asked about workspaces without changing any. */
export function createWorkspaceQueries(deps: QueryDeps): Pick<WorkspaceApi, 'get' | 'list' | 'wait'> {
  const { store } = deps;

  async function look(id: WorkspaceId): Promise<SeenWorkspace | null> {
    const workspace = await store.workspaces.get(id);
    const vm = workspace === null ? null : await store.vms.get(workspace.vmId);
    return workspace === null || vm === null ? null : seeWorkspace(deps, workspace, vm);
  }

  return {
    async get(principal, ref) {
      const { workspace, vm } = await findWithVm(store, { principal, permission: 'workspace:read' }, ref);
      return seeWorkspace(deps, workspace, vm);
    },

    async list(principal, request) {
      authorise(principal, 'workspace:read');
      const reach = ofOwner(reachOf(principal, 'workspace:read'));
      const page = await selectedPage(request, (part) => store.workspaces.list({ ...part, ...reach }));
      const ids = page.items.map(({ vmId }) => vmId);
      const vms = await store.vms.list({ limit: ids.length, after: null, ids });
      const byId = new Map(vms.map((vm) => [vm.id, vm]));
      const items = page.items.flatMap((workspace) => {
        const vm = byId.get(workspace.vmId);
        // One may have gone since.
        return vm === undefined ? [] : [seeWorkspace(deps, workspace, vm)];
      });
      return { items, next: page.next };
    },

    async wait(principal, ref, status, waiting) {
      const workspace = await findWaitedFor(deps, { principal, ref, status });
      if (workspace === null) return null;
      const found = await waitFor(deps, { topic: 'vm', key: workspace.vmId }, waiting, async () => {
        const seen = await look(workspace.id);
        if (seen === null && status !== 'absent') throw unknownWorkspace(ref);
        return seen === null || isIn(seen, status) ? { seen } : undefined;
      });
      if (found !== undefined) return found.seen;
      throw new VolaryError('deadline_exceeded', `${ref} was not ${status} within ${waiting.timeoutMs / 1_000} s.`, {
        reason: 'workspace.wait_timeout',
        details: { status, timeout_ms: waiting.timeoutMs },
      });
    },
  };
}

/** Throws `failed_precondition` workspace.failed where what is waited for does not come by itself. */
function isIn(seen: SeenWorkspace, wanted: WorkspaceStatus | 'settled' | 'absent'): boolean {
  if (wanted === 'settled') return seen.status !== 'creating';
  if (seen.status === wanted) return true;
  if (seen.status !== 'failed' || wanted === 'absent') return false;
  const { id, name } = seen.workspace;
  throw new VolaryError('failed_precondition', `${name} has failed: ${seen.message ?? ''}`, {
    reason: 'workspace.failed',
    details: { workspace_id: id },
  });
}

/** Null when it is gone already and that is what is waited for. */
async function findWaitedFor(
  { store }: Pick<QueryDeps, 'store'>,
  { principal, ref, status }: { principal: Parameters<WorkspaceApi['wait']>[0]; ref: string; status: string },
): Promise<Workspace | null> {
  try {
    return await findWorkspace(store, { principal, permission: 'workspace:read' }, ref);
  } catch (error) {
    if (status === 'absent' && error instanceof VolaryError && error.reason === 'workspace.unknown') return null;
    throw error;
  }
}
