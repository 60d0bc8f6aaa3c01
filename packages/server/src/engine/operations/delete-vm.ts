import type { Principal } from '../../domain/principal/principal.ts';
import { authorise } from '../access/authorise.ts';
import type { Accepted, Precondition } from '../requests.ts';
import { recordKeptDisks } from '../volumes/keep-disks.ts';
import { beingDeleted } from './power-policy.ts';
import { type OperationDeps, requestChange } from './request-change.ts';

export interface DeleteVmOptions extends Precondition {
  /** Its root and its own disks become volumes. */
  readonly preservesVolumes?: boolean;
}

/** Removes a VM with everything that belongs to it, but for what is to be kept as volumes. Works from every phase; asking twice gives the same operation. */
export async function deleteVm(
  deps: OperationDeps,
  principal: Principal,
  ref: string,
  { preservesVolumes = false, ...options }: DeleteVmOptions,
): Promise<Accepted> {
  authorise(principal, 'vm:delete');
  return await requestChange(
    deps,
    { principal, permission: 'vm:delete', ref, ...options },
    async (vm, active, tables) => {
      const isLeaving = vm.desired.power === 'absent' && active !== null;
      // By now its disk may be gone; what is kept, whoever asked first has decided.
      if (isLeaving && preservesVolumes && (await tables.volumes.listKeptOf(vm.id)).length === 0)
        throw beingDeleted(vm);
      if (isLeaving) return { vm, operation: active };
      const change = {
        kind: 'vm.delete',
        phase: 'deleting',
        event: 'vm.deleting',
        desired: { power: 'absent' },
      } as const;
      if (!preservesVolumes) return change;
      const kept = await recordKeptDisks(deps, tables, principal, vm);
      const volumes = kept.map(({ id, name }) => ({ id, name }));
      return { ...change, data: { kept_volumes: volumes }, result: { volumes } };
    },
  );
}
