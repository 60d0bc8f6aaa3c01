/** A workspace goes with its VM, whoever deletes that: both functions are called in the transaction of the VM's own change. */
import type { NewEvent } from '../../domain/events.ts';
import type { EpochMs } from '../../domain/time.ts';
import type { Vm } from '../../domain/vm/vm.ts';
import type { Tables } from '../../ports/store.ts';
import { workspaceEvent } from './workspace-events.ts';

/** Its VM is to go: nothing more is done in it, and its name is free. Answers with what is to be told. */
export async function noteWorkspaceGoes(
  { workspaces }: Pick<Tables, 'workspaces'>,
  { id: vmId }: Pick<Vm, 'id'>,
  now: EpochMs,
): Promise<readonly NewEvent[]> {
  const workspace = await workspaces.getByVm(vmId);
  if (workspace === null || workspace.isDeleting) return [];
  const { generation, revision } = workspace;
  await workspaces.update({
    ...workspace,
    isDeleting: true,
    generation: generation + 1,
    revision: revision + 1,
    updatedAt: now,
  });
  return [workspaceEvent('workspace.deleting', workspace, now, { vm_id: vmId })];
}

/** Its VM is gone. Answers with what is to be told. */
export async function removeWorkspace(
  { workspaces }: Pick<Tables, 'workspaces'>,
  { id: vmId }: Pick<Vm, 'id'>,
  now: EpochMs,
): Promise<readonly NewEvent[]> {
  const workspace = await workspaces.getByVm(vmId);
  if (workspace === null) return [];
  await workspaces.deleteOfVm(vmId);
  return [workspaceEvent('workspace.deleted', workspace, now, { vm_id: vmId })];
}
