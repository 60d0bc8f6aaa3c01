import { VolaryError } from '../../domain/errors.ts';
import { parseId } from '../../domain/ids.ts';
import { reachOf } from '../../domain/principal/principal.ts';
import type { Vm } from '../../domain/vm/vm.ts';
import type { Workspace } from '../../domain/workspace/workspace.ts';
import type { Tables } from '../../ports/store.ts';
import { authorise } from '../access/authorise.ts';
import { type Asker, requireVisible } from '../access/require-visible.ts';

/** More of one name than are told. */
const MOST_TOLD = 10;

/**
 * The workspace with this id, or this name: among the asker's own, then among all that the asker reaches, if only one has it. One that is being
 * deleted is found by its name until another has that. Throws `not_found` workspace.unknown, `failed_precondition` workspace.ambiguous_name,
 * `permission_denied` access.denied.
 */
export async function findWorkspace(
  { workspaces }: Pick<Tables, 'workspaces'>,
  asker: Asker,
  ref: string,
): Promise<Workspace> {
  const id = parseId('ws', ref);
  const found = id === null ? await findByName(workspaces, asker, ref) : await workspaces.get(id);
  return requireVisible(asker, found, 'workspace:read', () => unknownWorkspace(ref));
}

async function findByName(
  workspaces: Tables['workspaces'],
  { principal, permission }: Asker,
  name: string,
): Promise<Workspace | null> {
  authorise(principal, permission);
  const [own] = await workspaces.listByName(name, { owner: principal.name, limit: 1 });
  if (own !== undefined || reachOf(principal, permission) !== null) return own ?? null;
  const all = await workspaces.listByName(name, { limit: MOST_TOLD });
  const staying = all.filter(({ isDeleting }) => !isDeleting);
  if (staying.length > 1) throw ambiguous(name, staying);
  return staying[0] ?? all[0] ?? null;
}

/** A workspace with its VM. Throws as `findWorkspace`. */
export async function findWithVm(
  tables: Pick<Tables, 'workspaces' | 'vms'>,
  asker: Asker,
  ref: string,
): Promise<{ readonly workspace: Workspace; readonly vm: Vm }> {
  const workspace = await findWorkspace(tables, asker, ref);
  const vm = await tables.vms.get(workspace.vmId);
  // They go in one transaction, but two reads are two moments.
  if (vm === null) throw unknownWorkspace(ref);
  return { workspace, vm };
}

/** `not_found` workspace.unknown. */
export function unknownWorkspace(ref: string): VolaryError {
  return new VolaryError('not_found', `There is no workspace ${ref}.`, {
    reason: 'workspace.unknown',
    details: { ref },
  });
}

function ambiguous(name: string, all: readonly Workspace[]): VolaryError {
  return new VolaryError('failed_precondition', `Several have a workspace named ${name}: name it by its id.`, {
    reason: 'workspace.ambiguous_name',
    details: { field: 'ref', workspaces: all.map(({ id, owner }) => ({ id, owner })) },
  });
}
