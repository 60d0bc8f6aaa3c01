import { VolaryError } from '../../../domain/errors.ts';

/** There is no machine that runs or could run on. */
export function noMachine(): VolaryError {
  return new VolaryError('failed_precondition', 'The VM has no machine.', { reason: 'driver.no_machine' });
}

/** A machine, or what is left of one, is in the way. */
export function machinePresent(): VolaryError {
  return new VolaryError('failed_precondition', 'A machine of this VM, or what is left of one, is in the way.', {
    reason: 'driver.machine_present',
  });
}

export function noDisk(): VolaryError {
  return new VolaryError('failed_precondition', 'The VM has no container on this host.', { reason: 'driver.no_disk' });
}

export function noSnapshots(): VolaryError {
  return new VolaryError('unsupported', 'The docker driver cannot save machines.', { reason: 'driver.no_snapshots' });
}

/** A VM has one link at a time, and a later call wants it. */
export function linkReplaced(): VolaryError {
  return new VolaryError('unavailable', "Another link to the guest's agent was opened.", { reason: 'guest.link_lost' });
}

/** `why`: the rest of a sentence that begins with "the root disk of the image cannot be read:". */
export function badRoot(why: string): VolaryError {
  return new VolaryError('failed_precondition', `The root disk of the image cannot be read: ${why}.`, {
    reason: 'driver.unreadable_root',
  });
}

/** `why`: a sentence. */
export function unreachable(why: string, cause: unknown): VolaryError {
  return new VolaryError('unavailable', `The Docker Engine cannot be reached. ${why}`, {
    reason: 'driver.engine_unreachable',
    cause,
  });
}

/** `words`: the engine's own, which may have paths of the host in them. */
export function engineRefused(status: number, words: string): VolaryError {
  if (/no space left|quota exceeded/i.test(words))
    return new VolaryError('resource_exhausted', 'There is no space left on the disk of the Docker Engine.', {
      reason: 'driver.disk_full',
      context: { words },
    });
  return new VolaryError('unavailable', `The Docker Engine refused what was asked of it (status ${status}).`, {
    reason: 'driver.engine_refused',
    context: { status, words },
  });
}
