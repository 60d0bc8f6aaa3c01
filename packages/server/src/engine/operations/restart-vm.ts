import type { Principal } from '../../domain/principal/principal.ts';
import { nextIncarnation } from '../../domain/vm/vm.ts';
import { authorise } from '../access/authorise.ts';
import type { Accepted, Precondition } from '../requests.ts';
import { admitMemory } from '../scheduler/admission.ts';
import { makingRoom } from '../scheduler/make-room.ts';
import { mayChangePower } from './power-policy.ts';
import { type OperationDeps, requestChange } from './request-change.ts';

/** Asks for the next life of a VM, whether it has one now or not. */
export async function restartVm(
  deps: OperationDeps,
  principal: Principal,
  ref: string,
  options: Precondition & { readonly graceMs: number },
): Promise<Accepted> {
  authorise(principal, 'vm:power');
  return await makingRoom(deps, (facts) =>
    requestChange(deps, { principal, permission: 'vm:power', ref, ...options }, async (vm, _active, tables) => {
      mayChangePower(vm);
      if (vm.desired.power === 'stopped' || vm.desired.power === 'suspended')
        admitMemory(vm.spec.memoryMib, facts, await tables.vms.promised(), deps.config.limits);
      return {
        kind: 'vm.restart',
        phase: 'restarting',
        event: 'vm.restarting',
        desired: { power: 'running', incarnation: nextIncarnation(vm), graceMs: options.graceMs },
      };
    }),
  );
}
