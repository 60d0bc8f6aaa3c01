import type { Workspace } from '@volary/contract';
import type { VolaryClient } from '@volary/sdk';

/** A VM to go into, and where in it its user is at work; null: at home. */
export interface Machine {
  readonly ref: string;
  readonly directory: string | null;
}

/** What says that no workspace is meant: there is none, several have one, or who asks has nothing to do with workspaces. */
const NONE = ['workspace.unknown', 'workspace.ambiguous_name', 'access.denied', 'request.invalid'];

/**
 * The VM that is meant by the name or id of a workspace of one's own, or else by its own name or id: workspaces go before VMs, since each user has
 * the names of the own. The VM need not be there. Throws a `VolaryApiError`.
 */
export async function findMachine(client: Pick<VolaryClient, 'workspaces' | 'users'>, ref: string): Promise<Machine> {
  const itself = { ref, directory: null };
  if (ref.startsWith('vm_')) return itself;
  const workspace = await findWorkspace(client, ref);
  if (workspace === null) return itself;
  const meant = { ref: workspace.vm_id, directory: workspace.connection_info?.directory ?? null };
  // By its id, or by the name of its VM too, it was meant for sure. By its name alone it may be another's, who sees more than the own.
  if (workspace.id === ref || workspace.vm_name === ref) return meant;
  return workspace.owner === (await client.users.me()).user.name ? meant : itself;
}

async function findWorkspace({ workspaces }: Pick<VolaryClient, 'workspaces'>, ref: string): Promise<Workspace | null> {
  try {
    return await workspaces.get(ref);
  } catch (error) {
    if (error instanceof Error && 'reason' in error && NONE.some((reason) => reason === error.reason)) return null;
    throw error;
  }
}
