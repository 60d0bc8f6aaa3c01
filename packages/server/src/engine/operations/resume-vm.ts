import type { Principal } from '../../domain/principal/principal.ts';
import { authorise } from '../access/authorise.ts';
import type { Accepted, Precondition } from '../requests.ts';
import { mayResume } from './power-policy.ts';
import { type OperationDeps, requestChange } from './request-change.ts';

/** Sets a paused VM going again. */
export async function resumeVm(
  deps: OperationDeps,
  principal: Principal,
  ref: string,
  options: Precondition,
): Promise<Accepted> {
  authorise(principal, 'vm:power');
  return await requestChange(deps, { principal, ref, ...options }, (vm) => {
    mayResume(vm);
    return { kind: 'vm.resume', phase: 'resuming', event: 'vm.resuming', desired: { power: 'running' } };
  });
}
