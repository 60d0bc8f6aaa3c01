import { VolaryError } from '../../domain/errors.ts';
import { parseId, type VmId } from '../../domain/ids.ts';
import type { Principal } from '../../domain/principal/principal.ts';
import { isVmName } from '../../domain/vm/spec.ts';
import type { Vm } from '../../domain/vm/vm.ts';
import type { Tables } from '../../ports/store.ts';
import { type Asker, requireVisible } from '../access/require-visible.ts';

/** The VM with this id or name. Throws `not_found` vm.unknown, `invalid_argument` vm.invalid_ref, `permission_denied` access.denied. */
export async function findVm(tables: Pick<Tables, 'vms'>, asker: Asker, ref: string): Promise<Vm> {
  const id = parseId('vm', ref);
  if (id === null && !isVmName(ref)) {
    throw new VolaryError('invalid_argument', 'This is neither the id of a VM nor a name one can have.', {
      reason: 'vm.invalid_ref',
      details: { field: 'ref' },
    });
  }
  const vm = id === null ? await tables.vms.getByName(ref) : await tables.vms.get(id);
  return requireVisible(asker, vm, 'vm:read', () => unknownVm(ref));
}

/**
 * The id of the VM by which a list is narrowed: also that of one that is gone, since what is left of it is still there. Throws
 * as `findVm` for a name.
 */
export async function vmIdOf(tables: Pick<Tables, 'vms'>, principal: Principal, ref: string): Promise<VmId> {
  return parseId('vm', ref) ?? (await findVm(tables, { principal, permission: 'vm:read' }, ref)).id;
}

/** `not_found` vm.unknown. */
export function unknownVm(ref: string): VolaryError {
  return new VolaryError('not_found', `There is no VM ${ref}.`, { reason: 'vm.unknown', details: { ref } });
}
