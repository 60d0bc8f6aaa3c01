import { VolaryError } from '../../domain/errors.ts';
import type { Principal } from '../../domain/principal/principal.ts';
import { authorise } from '../access/authorise.ts';
import type { Accepted, Precondition } from '../requests.ts';
import { mayPause } from './power-policy.ts';
import { type OperationDeps, requestChange } from './request-change.ts';

/** Halts a running VM's virtual CPUs; its memory is kept. */
export async function pauseVm(
  deps: OperationDeps,
  principal: Principal,
  ref: string,
  options: Precondition,
): Promise<Accepted> {
  authorise(principal, 'vm:power');
  return await requestChange(deps, { principal, permission: 'vm:power', ref, ...options }, (vm) => {
    const { kind, capabilities } = deps.drivers.of(vm);
    if (!capabilities.supportsPause) {
      throw new VolaryError('unsupported', `The ${kind} driver cannot pause.`, {
        reason: 'driver.cannot_pause',
      });
    }
    mayPause(vm);
    return { kind: 'vm.pause', phase: 'pausing', event: 'vm.pausing', desired: { power: 'paused' } };
  });
}
