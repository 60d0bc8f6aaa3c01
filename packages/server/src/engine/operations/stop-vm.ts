import type { Principal } from '../../domain/principal/principal.ts';
import { authorise } from '../access/authorise.ts';
import type { Accepted, Precondition } from '../requests.ts';
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
  return await requestChange(deps, { principal, ref, ...options }, (vm) => {
    mayStop(vm);
    return {
      kind: 'vm.stop',
      phase: 'stopping',
      event: 'vm.stopping',
      desired: { power: 'stopped', graceMs: options.graceMs },
    };
  });
}
