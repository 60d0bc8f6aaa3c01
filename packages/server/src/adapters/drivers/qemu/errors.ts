import { VolaryError } from '../../../domain/errors.ts';
import type { JsonObject } from '../../../domain/json.ts';

/** There is no machine that runs or could run on. */
export function noMachine(): VolaryError {
  return new VolaryError('failed_precondition', 'The VM has no machine.', { reason: 'driver.no_machine' });
}

/** A machine, or what is left of one, is in the way. `details` says which. */
export function machinePresent(details: JsonObject): VolaryError {
  return new VolaryError('failed_precondition', 'A machine of this VM, or what is left of one, is in the way.', {
    reason: 'driver.machine_present',
    details,
  });
}

export const NEWER_MACHINE = 'A newer version of the server has started this machine; only such a one can work on it.';

/** An older server must not destroy what a newer one has made and it cannot read. */
export function newerMachine(): VolaryError {
  return new VolaryError('failed_precondition', NEWER_MACHINE, { reason: 'driver.newer_version' });
}

/** What a disk stands on is gone; `context` says whose. */
export function imageLost(context: Readonly<Record<string, unknown>>): VolaryError {
  return new VolaryError('data_loss', 'The image that the disk of this VM was made from is gone from the host.', {
    reason: 'image.lost',
    context,
  });
}

/** There is something of the image, and disks may stand on it: whoever put another in its place could damage them. */
export function imageDamaged(path: string): VolaryError {
  return new VolaryError(
    'data_loss',
    'What the host keeps of this image cannot be told from its file of facts, and disks may stand on it. It is left as it is.',
    { reason: 'image.kept_damaged', context: { path } },
  );
}

/** `cause`: the system's error, or a program's words. */
export function diskFull(cause: unknown): VolaryError {
  return new VolaryError('resource_exhausted', 'There is no space left on the disk that holds the VMs.', {
    reason: 'driver.disk_full',
    cause,
  });
}

/** What a failing program says when there is no space left. */
export const NO_SPACE = /No space left|Disk quota exceeded/;

/** A VM has one link at a time, and a later call wants it. */
export function linkReplaced(): VolaryError {
  return new VolaryError('unavailable', "Another link to the guest's agent was opened.", { reason: 'guest.link_lost' });
}

/** `cause`: the system's error, or a program's words. */
export function saveFailed(cause: unknown): VolaryError {
  return new VolaryError('unavailable', 'The machine could not be saved, or be restored from what was saved.', {
    reason: 'driver.save_failed',
    cause,
  });
}

/** `cause`: what was found. */
export function suspendedDamaged(cause: unknown): VolaryError {
  return new VolaryError(
    'data_loss',
    'What was saved of the suspended machine is not what it was: a file was changed, cut short, or is gone. Restart the VM to boot it.',
    { reason: 'driver.suspended_damaged', cause },
  );
}

/** QEMU is another one by now, or the host is. */
export function suspendedDoesNotFit(): VolaryError {
  return new VolaryError(
    'failed_precondition',
    'The suspended machine does not fit this host any more: its QEMU or accelerator was another one. Restart the VM to boot it.',
    { reason: 'driver.suspended_does_not_fit' },
  );
}

/** It did not die, as a process does not that is stuck in the kernel. */
export function endFailed(pid: number, cause: unknown): VolaryError {
  return new VolaryError('unavailable', 'The virtual machine monitor could not be ended.', {
    reason: 'driver.end_failed',
    context: { pid },
    cause,
  });
}

export function isEndFailed(error: unknown): boolean {
  return error instanceof VolaryError && error.reason === 'driver.end_failed';
}

/** Whether the system says that there is no space left. */
export function isNoSpace(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT');
}
