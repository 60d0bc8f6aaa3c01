import { VolaryError } from '../../../domain/errors.ts';
import { parseId, type VmId } from '../../../domain/ids.ts';

/** The VM with this id. Throws as for one that there is not. */
export function requireVmId(text: string): VmId {
  const id = parseId('vm', text);
  if (id !== null) return id;
  throw new VolaryError('not_found', `There is no VM ${text.slice(0, 128)}.`, { reason: 'vm.unknown' });
}
