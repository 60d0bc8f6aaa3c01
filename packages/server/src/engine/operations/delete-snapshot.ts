import { VolaryError } from '../../domain/errors.ts';
import type { Operation } from '../../domain/operation/operation.ts';
import type { Principal } from '../../domain/principal/principal.ts';
import { type Snapshot, titleOf } from '../../domain/snapshot/snapshot.ts';
import type { Vm } from '../../domain/vm/vm.ts';
import type { Tables } from '../../ports/store.ts';
import { authorise } from '../access/authorise.ts';
import type { AcceptedSnapshot } from '../apis/snapshot-api.ts';
import { auditTarget, recordAudit } from '../audit/record-audit.ts';
import { findSnapshot } from '../queries/find-snapshot.ts';
import type { Unchanged } from '../requests.ts';
import { announceSnapshot, type SnapshotDeps } from './create-snapshot.ts';
import { operationEvent } from './events.ts';
import { newOperation, supersede } from './request-change.ts';
import { requireUnchangedSnapshot } from './require-unchanged.ts';

/** Users that are looked for at most: one is enough to refuse, some are named. */
const MOST_USERS = 256;
const NAMED_USERS = 10;

export type DeleteSnapshotDeps = SnapshotDeps & {
  /** Ends the work on this snapshot that is under way. */
  readonly interruptSnapshot: (id: Snapshot['id']) => void;
};

/** Removes a snapshot with what was saved. VMs that have begun from it go on. */
export async function deleteSnapshot(
  deps: DeleteSnapshotDeps,
  principal: Principal,
  ref: string,
  unchanged: Unchanged = {},
): Promise<AcceptedSnapshot> {
  authorise(principal, 'snapshot:delete');
  const { accepted, isNew } = await deps.store.transaction(async (tables) => {
    const snapshot = await findSnapshot(tables, { principal, permission: 'snapshot:delete' }, ref);
    requireUnchangedSnapshot(snapshot, unchanged);
    const active = snapshot.operationId === null ? null : await tables.operations.get(snapshot.operationId);
    if (snapshot.state === 'deleting' && active !== null)
      return { accepted: { snapshot, operation: active }, isNew: false };
    requireUnused(snapshot, await usersOf(tables, snapshot.id));
    const accepted = await recordDeletion(deps, tables, { snapshot, active, by: principal.name });
    await recordAudit(tables, deps.clock, principal, {
      action: 'snapshot.delete',
      target: auditTarget('snapshot', snapshot),
      details: { operation_id: accepted.operation.id },
    });
    return { accepted, isNew: true };
  });
  if (isNew) {
    deps.interruptSnapshot(accepted.snapshot.id);
    announceSnapshot(deps, accepted);
  }
  return accepted;
}

/** VMs that are about to begin from the snapshot. One that has failed over it is not. */
export async function usersOf(tables: Pick<Tables, 'vms'>, id: Snapshot['id']): Promise<readonly Vm[]> {
  const pending = await tables.vms.listPendingFrom(id, MOST_USERS);
  return pending.filter(({ status, desired }) => status.phase !== 'failed' && desired.power !== 'absent');
}

/** Writes that the snapshot is to go, with the operation that removes it; the one under way on it is cancelled. */
export async function recordDeletion(
  deps: Pick<SnapshotDeps, 'clock' | 'ids' | 'config' | 'tracer'>,
  tables: Tables,
  { snapshot, active, by }: { readonly snapshot: Snapshot; readonly active: Operation | null; readonly by: string },
  end: (active: Operation, by: Operation, now: number) => Operation = supersede,
): Promise<AcceptedSnapshot> {
  const now = deps.clock.now();
  const subject = { kind: 'snapshot', id: snapshot.id, name: titleOf(snapshot) } as const;
  const operation = newOperation(deps, {
    ...{ kind: 'snapshot.delete', subject, generation: 0 },
    ...{ principal: by, owner: snapshot.owner },
  });
  const changed: Snapshot = {
    ...snapshot,
    state: 'deleting',
    operationId: operation.id,
    updatedAt: now,
    revision: snapshot.revision + 1,
  };
  if (active !== null) {
    const ended = end(active, operation, now);
    await tables.operations.update(ended);
    await tables.events.append([operationEvent('operation.cancelled', ended, now)]);
  }
  await tables.operations.insert(operation);
  await tables.snapshots.update(changed);
  await tables.events.append([operationEvent('operation.created', operation, now)]);
  return { snapshot: changed, operation };
}

function requireUnused(snapshot: Snapshot, users: readonly Vm[]): void {
  const named = users.slice(0, NAMED_USERS);
  if (named.length === 0) return;
  const others = users.length - named.length;
  const names = `${named.map(({ name }) => name).join(', ')}${others > 0 ? ` and ${others} more` : ''}`;
  throw new VolaryError('failed_precondition', `${titleOf(snapshot)} is being used to make ${names}.`, {
    reason: 'snapshot.in_use',
    details: { vms: named.map(({ id, name }) => ({ id, name })) },
  });
}
