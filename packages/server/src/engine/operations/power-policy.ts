/**
 * Which power change may be asked for now. Policy only: nothing here does anything.
 *
 * A wish is judged by what is *wanted* already, not by how far it has come: stopping a VM that is starting is fine,
 * and starting one that is being started is a request for what is already under way.
 */
import { VolaryError } from '../../domain/errors.ts';
import type { Vm } from '../../domain/vm/vm.ts';

/** Throws `failed_precondition` vm.being_deleted. */
export function mayChangePower(vm: Vm): void {
  if (vm.desired.power === 'absent') refuse(vm, 'vm.being_deleted', 'is being deleted');
}

/** `failed_precondition` vm.being_deleted. */
export function beingDeleted({ name }: Vm): VolaryError {
  return new VolaryError('failed_precondition', `${name} is being deleted, and nothing of it is kept.`, {
    reason: 'vm.being_deleted',
  });
}

/** Throws `failed_precondition` vm.already_running, vm.paused, vm.being_deleted. */
export function mayStart(vm: Vm): void {
  mayChangePower(vm);
  // Whoever does not want to wait for the restart that is due may ask for it now.
  if (vm.status.phase === 'failed' || vm.restarts.at !== null) return;
  if (vm.desired.power === 'running')
    refuse(vm, 'vm.already_running', vm.status.phase === 'running' ? 'is running already' : 'is being started already');
  if (vm.desired.power === 'paused') refuse(vm, 'vm.paused', 'is paused; resume it');
}

/** Throws `failed_precondition` vm.already_stopped, vm.being_deleted. A stop under way may be asked for again, with another grace. */
export function mayStop(vm: Vm): void {
  mayChangePower(vm);
  if (vm.status.phase === 'stopped' && vm.restarts.at === null) refuse(vm, 'vm.already_stopped', 'is stopped already');
}

/** Throws `failed_precondition` vm.still_running while there is a machine, or one is wanted. */
export function mustHaveNoMachine(vm: Vm): void {
  if (vm.handle === null && (vm.desired.power === 'stopped' || vm.status.phase === 'failed')) return;
  refuse(vm, 'vm.still_running', `is ${vm.status.phase}; stop it first, or have it deleted by force`);
}

/** Throws `failed_precondition` vm.not_running, vm.being_deleted. */
export function mayPause(vm: Vm): void {
  mayChangePower(vm);
  if (vm.status.phase !== 'running' && vm.status.phase !== 'resuming')
    refuse(vm, 'vm.not_running', `is ${vm.status.phase}, not running`);
}

/** Throws `failed_precondition` vm.not_paused, vm.being_deleted. */
export function mayResume(vm: Vm): void {
  mayChangePower(vm);
  const { phase } = vm.status;
  if (phase !== 'paused' && phase !== 'pausing' && phase !== 'suspended' && phase !== 'suspending')
    refuse(vm, 'vm.not_paused', `is ${phase}, neither paused nor suspended`);
}

/** Throws `failed_precondition` vm.not_running, vm.already_suspended, vm.being_deleted. */
export function maySuspend(vm: Vm): void {
  mayChangePower(vm);
  const { phase } = vm.status;
  if (vm.desired.power === 'suspended' && phase !== 'failed')
    refuse(vm, 'vm.already_suspended', phase === 'suspended' ? 'is suspended already' : 'is being suspended already');
  if (phase !== 'running' && phase !== 'paused' && phase !== 'pausing' && phase !== 'resuming')
    refuse(vm, 'vm.not_running', `is ${phase}, neither running nor paused`);
}

/** True where there is memory that a machine can go on from, in place of a boot. */
export function isSuspended({ desired, status }: Vm): boolean {
  return desired.power === 'suspended' && status.phase !== 'failed';
}

/**
 * The digest of the image under the VM's disk, if there is a machine to be saved. Throws `failed_precondition` vm.not_running,
 * vm.being_deleted.
 */
export function maySave(vm: Vm): string {
  mayChangePower(vm);
  const { phase } = vm.status;
  if ((phase === 'running' || phase === 'paused') && vm.imageDigest !== null) return vm.imageDigest;
  refuse(vm, 'vm.not_running', `is ${phase}, neither running nor paused`);
}

/** Throws `failed_precondition` vm.not_running unless the guest can be talked to. */
export function mayTalkToGuest(vm: Vm): void {
  if (vm.status.phase !== 'running') refuse(vm, 'vm.not_running', `is ${vm.status.phase}, not running`);
}

function refuse(vm: Vm, reason: string, what: string): never {
  throw new VolaryError('failed_precondition', `${vm.name} ${what}.`, { reason, details: { phase: vm.status.phase } });
}
