import type { Principal } from '../../domain/principal/principal.ts';
import { authorise } from '../access/authorise.ts';
import type { Accepted, Precondition } from '../requests.ts';
import { admitWaking } from '../scheduler/admission.ts';
import { makingRoom } from '../scheduler/make-room.ts';
import { mayStop } from './power-policy.ts';
import { type OperationDeps, requestChange } from './request-change.ts';

/** Asks a VM's guest to shut down, and ends its machine when the grace is over. The disk is kept. */
export async function stopVm(
  deps: OperationDeps,
  principal: Principal,
  ref: string,
  options: Precondition & { readonly graceMs: number },
): Promise<Accepted> {
  authorise(principal, 'vm:power');
  return await makingRoom(deps, (facts) =>
    requestChange(deps, { principal, permission: 'vm:power', ref, ...options }, async (vm, _active, tables) => {
      mayStop(vm);
      // Its guest wakes to be asked.
      if (options.graceMs > 0) await admitWaking(tables, vm, facts, deps.config.limits);
      return {
        kind: 'vm.stop',
        phase: 'stopping',
        event: 'vm.stopping',
        desired: { power: 'stopped', graceMs: options.graceMs },
      };
    }),
  );
}
