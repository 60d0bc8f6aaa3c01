import type { Principal } from '../../domain/principal/principal.ts';
import { authorise } from '../access/authorise.ts';
import type { Accepted, Precondition } from '../requests.ts';
import { type OperationDeps, requestChange } from './request-change.ts';

/** Removes a VM with everything that belongs to it. Works from every phase; asking twice gives the same operation. */
export async function deleteVm(
  deps: OperationDeps,
  principal: Principal,
  ref: string,
  options: Precondition,
): Promise<Accepted> {
  authorise(principal, 'vm:delete');
  return await requestChange(deps, { principal, permission: 'vm:delete', ref, ...options }, (vm, active) => {
    if (vm.desired.power === 'absent' && active !== null) return { vm, operation: active };
    return { kind: 'vm.delete', phase: 'deleting', event: 'vm.deleting', desired: { power: 'absent' } };
  });
}
