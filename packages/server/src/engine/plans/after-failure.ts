import { isRetryable, type VolaryError } from '../../domain/errors.ts';
import type { VmStep } from './plan-vm.ts';

/**
 * How a failed step goes on; the one place where that is decided.
 *
 * `retry`: after a back-off, the same plan again. `fail-vm`: the VM cannot reach what is wanted; it becomes `failed` and what is
 * half-made is cleaned. `give-back`: the machine is as it was; only the operation fails. `alarm`: cleaning itself
 * fails; it is tried again for ever, loudly, since hiding it would leave an orphan.
 */
export type AfterFailure = 'retry' | 'fail-vm' | 'give-back' | 'alarm';

/** Times a step is begun before the planner gives up on it, when the fault may pass by itself. */
const MAX_ATTEMPTS = 3;

export function decideAfterFailure(step: VmStep, error: VolaryError, attempt: number): AfterFailure {
  switch (step) {
    case 'end-machine':
    case 'delete-disk':
      return 'alarm';
    // What it could not be given it does without: it may be asked for again, or there with the next start.
    case 'resize-machine':
    // Asked once: a guest that did not hear it is not waited for a second time.
    case 'shut-down-guest':
      return 'give-back';
    case 'pause-machine':
    case 'resume-machine':
    case 'suspend-machine':
    // What it is to be woken from is still there.
    case 'wake-machine':
    // Whatever the restore fails with, the VM is still as it was.
    case 'prepare-restore':
      return isRetryable(error.code) && attempt < MAX_ATTEMPTS ? 'retry' : 'give-back';
    // A guest that has not come up within its time will not be asked a second time for the same time.
    case 'await-guest':
      return error.code === 'unavailable' && attempt < MAX_ATTEMPTS ? 'retry' : 'fail-vm';
    case 'ensure-image':
    case 'create-disk':
    case 'start-machine':
    case 'ensure-tools':
    case 'attach-tools':
      return isRetryable(error.code) && error.code !== 'resource_exhausted' && attempt < MAX_ATTEMPTS
        ? 'retry'
        : 'fail-vm';
    default:
      return step satisfies never;
  }
}
