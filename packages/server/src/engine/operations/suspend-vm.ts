import type { Principal } from '../../domain/principal/principal.ts';
import type { Suspension } from '../../domain/vm/vm.ts';
import { authorise } from '../access/authorise.ts';
import type { Accepted, Precondition } from '../requests.ts';
import { admitSnapshot } from '../scheduler/admission.ts';
import { requireSnapshots } from './create-snapshot.ts';
import { maySuspend } from './power-policy.ts';
import { type OperationDeps, requestChange } from './request-change.ts';

/** Saves a VM's memory to disk and ends its machine, so that it goes on from there when it is wanted. */
export async function suspendVm(
  deps: OperationDeps,
  principal: Principal,
  ref: string,
  options: Precondition & { readonly why?: Pick<Suspension, 'reason' | 'message'> },
): Promise<Accepted> {
  authorise(principal, 'vm:power');
  const facts = await deps.hostProbe.measure();
  return await requestChange(deps, { principal, permission: 'vm:power', ref, ...options }, (vm) => {
    requireSnapshots(deps, vm);
    maySuspend(vm);
    admitSnapshot(vm.spec.memoryMib, facts, deps.config.limits);
    const { reason, message } = options.why ?? { reason: 'requested', message: `Suspended by ${principal.name}.` };
    return {
      kind: 'vm.suspend',
      phase: 'suspending',
      event: 'vm.suspending',
      desired: { power: 'suspended' },
      suspension: { reason, message, at: deps.clock.now(), problem: null },
      data: { reason, message },
    };
  });
}
