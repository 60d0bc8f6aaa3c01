import { VolaryError } from '../../domain/errors.ts';
import { parseId } from '../../domain/ids.ts';
import { type Snapshot, titleOf } from '../../domain/snapshot/snapshot.ts';
import { isVmName } from '../../domain/vm/spec.ts';
import type { Tables } from '../../ports/store.ts';
import { type Asker, requireVisible } from '../access/require-visible.ts';

/** The snapshot with this id or name. Throws `not_found` snapshot.unknown, `invalid_argument` snapshot.invalid_ref, `permission_denied` access.denied. */
export async function findSnapshot(tables: Pick<Tables, 'snapshots'>, asker: Asker, ref: string): Promise<Snapshot> {
  const id = parseId('snap', ref);
  if (id === null && !isVmName(ref)) {
    throw new VolaryError('invalid_argument', 'This is neither the id of a snapshot nor a name one can have.', {
      reason: 'snapshot.invalid_ref',
      details: { field: 'snapshot' },
    });
  }
  const snapshot = id === null ? await tables.snapshots.getByName(ref) : await tables.snapshots.get(id);
  return requireVisible(asker, snapshot, 'snapshot:read', () => unknownSnapshot(ref));
}

/** `not_found` snapshot.unknown. */
export function unknownSnapshot(ref: string): VolaryError {
  return new VolaryError('not_found', `There is no snapshot ${ref}.`, { reason: 'snapshot.unknown', details: { ref } });
}

/** The same, if VMs can be made from it. Throws `failed_precondition` snapshot.not_ready. */
export async function findReadySnapshot(
  tables: Pick<Tables, 'snapshots'>,
  asker: Asker,
  ref: string,
): Promise<Snapshot> {
  const snapshot = await findSnapshot(tables, asker, ref);
  if (snapshot.state === 'ready') return snapshot;
  const why = { creating: 'is not complete yet', failed: 'could not be made', deleting: 'is being deleted' };
  throw new VolaryError('failed_precondition', `The snapshot ${titleOf(snapshot)} ${why[snapshot.state]}.`, {
    reason: 'snapshot.not_ready',
    details: { state: snapshot.state },
  });
}
