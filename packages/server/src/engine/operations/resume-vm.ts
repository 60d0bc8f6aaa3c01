import type { Principal } from '../../domain/principal/principal.ts';
import { authorise } from '../access/authorise.ts';
import type { Accepted, Precondition } from '../requests.ts';
import { admitWaking } from '../scheduler/admission.ts';
import { makingRoom } from '../scheduler/make-room.ts';
import { mayResume } from './power-policy.ts';
import { type OperationDeps, requestChange } from './request-change.ts';

/** Sets a paused VM going again, or a suspended one, for whose memory there has to be room. */
export async function resumeVm(
  deps: OperationDeps,
  principal: Principal,
  ref: string,
  options: Precondition,
): Promise<Accepted> {
  authorise(principal, 'vm:power');
  return await makingRoom(deps, (facts) =>
    requestChange(deps, { principal, permission: 'vm:power', ref, ...options }, async (vm, _active, tables) => {
      mayResume(vm);
      await admitWaking(tables, vm, facts, deps.config.limits);
      return { kind: 'vm.resume', phase: 'resuming', event: 'vm.resuming', desired: { power: 'running' } };
    }),
  );
}
