import { VolaryError } from '../../domain/errors.ts';
import { parseId } from '../../domain/ids.ts';
import { isVmName } from '../../domain/vm/spec.ts';
import type { Vm } from '../../domain/vm/vm.ts';
import type { Tables } from '../../ports/store.ts';

/** The VM with this id or name. Throws `not_found` vm.unknown, `invalid_argument` vm.invalid_ref. */
export async function findVm(tables: Pick<Tables, 'vms'>, ref: string): Promise<Vm> {
  const id = parseId('vm', ref);
  if (id === null && !isVmName(ref)) {
    throw new VolaryError('invalid_argument', 'This is neither the id of a VM nor a name one can have.', {
      reason: 'vm.invalid_ref',
      details: { field: 'ref' },
    });
  }
  const vm = id === null ? await tables.vms.getByName(ref) : await tables.vms.get(id);
  if (vm !== null) return vm;
  throw new VolaryError('not_found', `There is no VM ${ref}.`, { reason: 'vm.unknown', details: { ref } });
}
