import type { Principal } from '../../domain/principal/principal.ts';
import type { EpochMs } from '../../domain/time.ts';
import { REVISIONS_KEPT, type RevisionCause, type VmRevision } from '../../domain/vm/revision.ts';
import { configOf, settingsOf } from '../../domain/vm/settings.ts';
import { type Changes, diffOf } from '../../domain/vm/spec-diff.ts';
import type { Vm } from '../../domain/vm/vm.ts';
import type { Tables } from '../../ports/store.ts';

type Writing = Pick<Tables, 'vmRevisions'>;

/** The revision that a VM begins with. Of one that is older than revisions are, nobody knows the request. */
export function firstRevision(vm: Vm, requestId: string | null = null): VmRevision {
  const { id, owner, createdAt } = vm;
  const cause = { kind: 'created' } as const;
  return { vmId: id, number: 1, at: createdAt, author: owner, requestId, cause, changes: {}, settings: settingsOf(vm) };
}

/** Writes the first revision, in the transaction in which the VM is made. */
export async function recordCreation({ vmRevisions }: Writing, vm: Vm, { origin }: Principal): Promise<void> {
  await vmRevisions.insert(firstRevision(vm, origin.requestId), vm);
}

/**
 * Writes what has been changed of a VM, in the transaction of the change; nothing, where nothing was. One that was made before there were
 * revisions gets its first now. Returns what was changed.
 */
export async function recordRevision(
  { vmRevisions }: Writing,
  { before, after }: { readonly before: Vm; readonly after: Vm },
  { principal, at, cause }: { readonly principal: Principal; readonly at: EpochMs; readonly cause: RevisionCause },
): Promise<Changes> {
  const changes = diffOf(configOf(before), configOf(after));
  if (Object.keys(changes).length === 0) return changes;
  const latest = await vmRevisions.latest(before.id);
  if (latest === 0) await vmRevisions.insert(firstRevision(before), before);
  const number = Math.max(latest, 1) + 1;
  const { name: author, origin } = principal;
  const by = { at, author, requestId: origin.requestId, cause };
  await vmRevisions.insert({ vmId: after.id, number, ...by, changes, settings: settingsOf(after) }, after);
  if (number > REVISIONS_KEPT) await vmRevisions.delete(after.id, number - REVISIONS_KEPT);
  return changes;
}
