import type { Principal } from '../../domain/principal/principal.ts';
import { authorise } from '../access/authorise.ts';
import type { Accepted, Precondition } from '../engine.ts';
import { admitMemory } from '../scheduler/admission.ts';
import { mayStart } from './power-policy.ts';
import { type OperationDeps, requestChange } from './request-change.ts';

/** Asks for the next life of a VM that is stopped or has failed. */
export async function startVm(
  deps: OperationDeps,
  principal: Principal,
  ref: string,
  options: Precondition,
): Promise<Accepted> {
  authorise(principal, 'vm:power');
  const facts = await deps.hostProbe.measure();
  return await requestChange(deps, { principal, ref, ...options }, async (vm, _active, tables) => {
    mayStart(vm);
    admitMemory(vm.spec.memoryMib, facts, await tables.vms.promised(), deps.config.limits);
    return {
      kind: 'vm.start',
      phase: 'starting',
      event: 'vm.starting',
      desired: { power: 'running', incarnation: vm.incarnation + 1 },
    };
  });
}
