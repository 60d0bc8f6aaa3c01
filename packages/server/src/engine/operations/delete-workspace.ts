import type { Principal } from '../../domain/principal/principal.ts';
import { authorise } from '../access/authorise.ts';
import type { SeenWorkspace } from '../apis/workspace-api.ts';
import { recordAudit } from '../audit/record-audit.ts';
import { findWithVm, unknownWorkspace } from '../queries/find-workspace.ts';
import type { Accepted, Unchanged } from '../requests.ts';
import { seeWorkspace } from '../workspaces/see-workspace.ts';
import { doneToWorkspace } from '../workspaces/workspace-events.ts';
import { announce, type OperationDeps, recordChange } from './request-change.ts';
import { requireUnchangedWorkspace } from './require-unchanged.ts';

/** Has it go with its VM, from whatever state. Asking twice changes nothing. */
export async function deleteWorkspace(
  deps: OperationDeps,
  principal: Principal,
  ref: string,
  options: Unchanged = {},
): Promise<SeenWorkspace> {
  authorise(principal, 'workspace:delete');
  const { seen, accepted } = await deps.store.transaction(async (tables) => {
    const { workspace, vm } = await findWithVm(tables, { principal, permission: 'workspace:delete' }, ref);
    requireUnchangedWorkspace(workspace, options);
    const accepted: Accepted | null = workspace.isDeleting
      ? null
      : await recordChange(deps, tables, {
          ...{ vm, principal, active: await tables.operations.findActive(vm.id) },
          change: {
            ...({ kind: 'vm.delete', phase: 'deleting', event: 'vm.deleting' } as const),
            desired: { power: 'absent' },
            data: { workspace_id: workspace.id },
          },
        });
    const details = accepted === null ? {} : { operation_id: accepted.operation.id };
    await recordAudit(tables, deps.clock, principal, doneToWorkspace('workspace.delete', workspace, details));
    const after = await tables.workspaces.get(workspace.id);
    if (after === null) throw unknownWorkspace(ref);
    return { seen: seeWorkspace(deps, after, accepted?.vm ?? vm), accepted };
  });
  if (accepted !== null) announce(deps, accepted);
  return seen;
}
