import { VolaryError } from '../../domain/errors.ts';
import type { Operation } from '../../domain/operation/operation.ts';
import type { Principal } from '../../domain/principal/principal.ts';
import type { Volume } from '../../domain/volume/volume.ts';
import type { Tables } from '../../ports/store.ts';
import { authorise } from '../access/authorise.ts';
import type { AcceptedVolume } from '../apis/volume-api.ts';
import { auditTarget, recordAudit } from '../audit/record-audit.ts';
import { findVolume } from '../queries/find-volume.ts';
import type { Unchanged } from '../requests.ts';
import { requireAttachable } from '../volumes/attach-volumes.ts';
import { announceVolume, type VolumeDeps } from './create-volume.ts';
import { operationEvent } from './events.ts';
import { newOperation, supersede } from './request-change.ts';
import { requireUnchangedVolume } from './require-unchanged.ts';

export type DeleteVolumeDeps = VolumeDeps & {
  /** Ends the work on this volume that is under way. */
  readonly interruptVolume: (id: Volume['id']) => void;
};

/** Removes a volume that no VM has. One that is being made is made no further. */
export async function deleteVolume(
  deps: DeleteVolumeDeps,
  principal: Principal,
  ref: string,
  unchanged: Unchanged = {},
): Promise<AcceptedVolume> {
  authorise(principal, 'volume:delete');
  const { accepted, isNew } = await deps.store.transaction(async (tables) => {
    const volume = await findVolume(tables, { principal, permission: 'volume:delete' }, ref);
    requireUnchangedVolume(volume, unchanged);
    const active = volume.operationId === null ? null : await tables.operations.get(volume.operationId);
    if (volume.state === 'deleting' && active !== null)
      return { accepted: { volume, operation: active, holders: [] }, isNew: false };
    await requireUnused(tables, volume);
    const accepted = await recordDeletion(deps, tables, { volume, active, by: principal.name });
    await recordAudit(tables, deps.clock, principal, {
      action: 'volume.delete',
      target: auditTarget('volume', volume),
      details: { operation_id: accepted.operation.id },
    });
    return { accepted: { ...accepted, holders: [] }, isNew: true };
  });
  if (isNew) {
    deps.interruptVolume(accepted.volume.id);
    announceVolume(deps, accepted);
  }
  return accepted;
}

/** Throws `failed_precondition` volume.in_use; volume.not_ready of what a VM's disk is just becoming. */
async function requireUnused(tables: Tables, volume: Volume): Promise<void> {
  await requireAttachable(tables, volume, false);
  if (volume.state !== 'creating' || volume.origin.kind !== 'vm') return;
  throw new VolaryError('failed_precondition', `${volume.name} is what a disk of ${volume.origin.name} is becoming.`, {
    reason: 'volume.not_ready',
    details: { volume: volume.name, state: volume.state },
  });
}

async function recordDeletion(
  deps: VolumeDeps,
  tables: Tables,
  { volume, active, by }: { readonly volume: Volume; readonly active: Operation | null; readonly by: string },
): Promise<{ readonly volume: Volume; readonly operation: Operation }> {
  const now = deps.clock.now();
  const subject = { kind: 'volume', id: volume.id, name: volume.name } as const;
  const operation = newOperation(deps, {
    ...{ kind: 'volume.delete', subject, generation: 0 },
    ...{ principal: by, owner: volume.owner },
  });
  const changed: Volume = {
    ...volume,
    state: 'deleting',
    operationId: operation.id,
    updatedAt: now,
    revision: volume.revision + 1,
  };
  if (active !== null) {
    const ended = supersede(active, operation, now);
    await tables.operations.update(ended);
    await tables.events.append([operationEvent('operation.cancelled', ended, now)]);
  }
  await tables.operations.insert(operation);
  await tables.volumes.update(changed);
  await tables.events.append([operationEvent('operation.created', operation, now)]);
  return { volume: changed, operation };
}
