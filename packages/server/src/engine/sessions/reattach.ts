import { VolaryError } from '../../domain/errors.ts';
import type { Execution } from '../../domain/execution/execution.ts';
import type { Vm } from '../../domain/vm/vm.ts';
import type { GuestProcess } from '../../ports/guest-link.ts';
import type { EngineDeps } from '../deps.ts';
import { isSuspended } from '../operations/power-policy.ts';
import type { GuestLinks } from './guest-links.ts';

export type ReattachDeps = Pick<EngineDeps, 'store' | 'drivers' | 'log'> & { readonly links: GuestLinks };

/**
 * `machine-over`: the life that it ran in has ended. `unknown-to-guest`: that life goes on, and its guest does not know the
 * command. `asleep`: its VM is suspended, and the command with it. `later`: nobody can tell now.
 */
export type NotAttached = 'machine-over' | 'unknown-to-guest' | 'asleep' | 'later';

/** The command, attached to again, or why not. Throws the signal's reason only. */
export async function reattach(
  deps: ReattachDeps,
  execution: Execution,
  signal: AbortSignal,
): Promise<GuestProcess | NotAttached> {
  try {
    const vm = await deps.store.vms.get(execution.vmId);
    if (vm === null || (await isMachineOver(deps, vm, { execution, signal }))) return 'machine-over';
    if (isSuspended(vm)) return 'asleep';
    const link = await deps.links.open(execution.vmId, { signal });
    const { stdoutBytes, stderrBytes, request } = execution;
    return await link.attach(execution.id, { stdoutBytes, stderrBytes, isTty: request.tty !== null }, { signal });
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof VolaryError && error.reason === 'execution.unknown_to_guest') return 'unknown-to-guest';
    // Whatever it was (the link was lost again, the machine is being ended), looking again tells what is so then.
    deps.log.debug('a command cannot be attached to now', { executionId: execution.id, error });
    return 'later';
  }
}

/** Whether the life that the command ran in is over. */
export async function isMachineOver(
  { drivers }: Pick<ReattachDeps, 'drivers'>,
  vm: Vm,
  { execution: { incarnation }, signal }: { readonly execution: Execution; readonly signal: AbortSignal },
): Promise<boolean> {
  if (vm.incarnation !== incarnation) return true;
  const { machine } = await drivers.of(vm).inspect(vm.id, { signal });
  // What it was suspended to may be readable again.
  if (machine.kind === 'unreadable') return false;
  return machine.kind === 'absent' || machine.kind === 'ended' || machine.incarnation !== incarnation;
}
