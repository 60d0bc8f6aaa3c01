import type { Principal } from '../../domain/principal/principal.ts';
import type { Vm } from '../../domain/vm/vm.ts';
import type { Tables } from '../../ports/store.ts';
import type { Promised } from '../../ports/tables/vm-table.ts';
import { authorise } from '../access/authorise.ts';
import type { Accepted, Precondition } from '../requests.ts';
import { admitMemory } from '../scheduler/admission.ts';
import { makingRoom } from '../scheduler/make-room.ts';
import { isSuspended, mayStart } from './power-policy.ts';
import { type OperationDeps, requestChange } from './request-change.ts';

/** A VM that has failed while it was wanted running has its memory promised already. */
async function promisedToOthers({ vms }: Tables, { desired, spec }: Vm): Promise<Promised> {
  const promised = await vms.promised();
  if (desired.power !== 'running' && desired.power !== 'paused') return promised;
  const { memoryMib, poweredCount } = promised;
  return { ...promised, memoryMib: memoryMib - spec.memoryMib, poweredCount: poweredCount - 1 };
}

/** Asks for the next life of a VM that is stopped or has failed, or for one that is suspended to go on. */
export async function startVm(
  deps: OperationDeps,
  principal: Principal,
  ref: string,
  options: Precondition,
): Promise<Accepted> {
  authorise(principal, 'vm:power');
  return await makingRoom(deps, (facts) =>
    requestChange(deps, { principal, permission: 'vm:power', ref, ...options }, async (vm, _active, tables) => {
      mayStart(vm);
      admitMemory(vm.spec.memoryMib, facts, await promisedToOthers(tables, vm), deps.config.limits);
      if (isSuspended(vm))
        return { kind: 'vm.start', phase: 'resuming', event: 'vm.resuming', desired: { power: 'running' } };
      return {
        kind: 'vm.start',
        phase: 'starting',
        event: 'vm.starting',
        desired: { power: 'running', incarnation: vm.incarnation + 1 },
      };
    }),
  );
}
