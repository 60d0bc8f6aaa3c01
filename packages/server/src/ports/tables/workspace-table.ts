import type { VmId, WorkspaceId } from '../../domain/ids.ts';
import type { Workspace } from '../../domain/workspace/workspace.ts';
import type { OfOwner, PageRequest } from '../requests.ts';

/** Workspaces, in the order they were made. */
export interface WorkspaceTable {
  /** Throws `already_exists` workspace.name_taken when its owner has one of this name that is not being deleted. */
  insert(workspace: Workspace): Promise<void>;
  get(id: WorkspaceId): Promise<Workspace | null>;
  getByVm(vmId: VmId): Promise<Workspace | null>;
  /** Those of this name, of one owner or of all, that are not being deleted first, then newest first; at most `limit`. */
  listByName(name: string, which: OfOwner & { readonly limit: number }): Promise<readonly Workspace[]>;
  list(page: PageRequest<WorkspaceId> & OfOwner): Promise<readonly Workspace[]>;
  /** Those whose setup is not over, being deleted or not. */
  listPending(page: PageRequest<WorkspaceId>): Promise<readonly Workspace[]>;
  /** Writes the row if its revision is still `workspace.revision - 1`; throws `conflict` store.revision otherwise. */
  update(workspace: Workspace): Promise<void>;
  /** Removes that of this VM, if there is one. */
  deleteOfVm(vmId: VmId): Promise<void>;
}
