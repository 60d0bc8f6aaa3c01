import { toVolaryError, VolaryError } from '../../domain/errors.ts';
import type { Execution } from '../../domain/execution/execution.ts';
import { presentSpec } from '../../domain/vm/settings.ts';
import type { Vm } from '../../domain/vm/vm.ts';
import type { Workload } from '../../domain/workload/workload.ts';
import type { SupervisedProcess, SupervisedRequest } from '../../ports/guest-link.ts';
import type { EngineDeps } from '../deps.ts';
import { isSuspended } from '../operations/power-policy.ts';
import type { SecretDelivery } from '../secrets/delivery.ts';
import type { GuestLinks } from '../sessions/guest-links.ts';
import { isMachineOver, type NotAttached } from '../sessions/reattach.ts';

export type AskDeps = Pick<EngineDeps, 'store' | 'drivers' | 'log'> & {
  readonly links: GuestLinks;
  readonly secrets: Pick<SecretDelivery, 'environmentOf'>;
};

/** A run that has lasted so long was a good one: the delay before the next restart is the first again. Milliseconds. */
const STEADY_RUN_MS = 10_000;
/** Whatever is asked, the answer is the same: it cannot be started as it is. */
const FINAL_REASONS: readonly string[] = [
  'execution.not_started',
  'guest.no_workloads',
  'secret.unknown',
  'secret.unfit_for_env',
];

/** The workload in its guest, begun unless it was; or why not, an error being for good. Throws the signal's reason only. */
export async function askForWorkload(
  deps: AskDeps,
  execution: Execution,
  signal: AbortSignal,
): Promise<SupervisedProcess | NotAttached | VolaryError> {
  try {
    const vm = await deps.store.vms.get(execution.vmId);
    if (vm === null || (await isMachineOver(deps, vm, { execution, signal }))) return 'machine-over';
    if (isSuspended(vm)) return 'asleep';
    const { workload } = presentSpec(vm);
    if (workload === null) return 'unknown-to-guest';
    const link = await deps.links.open(vm.id, { signal });
    const request = requestOf(vm, workload, execution, await deps.secrets.environmentOf(vm));
    return await link.supervise(execution.id, request, execution, { signal });
  } catch (error) {
    signal.throwIfAborted();
    const { reason } = toVolaryError(error);
    if (reason === 'execution.unknown_to_guest' || reason === 'execution.already_ended') return 'unknown-to-guest';
    if (error instanceof VolaryError && FINAL_REASONS.includes(reason)) return error;
    deps.log.debug('a workload cannot be asked for now', { executionId: execution.id, error });
    return 'later';
  }
}

/** Its own variables go before those of the VM; none of the two has the name of a secret. */
function requestOf(
  { spec }: Vm,
  workload: Workload,
  { request: { argv, cwd, user } }: Execution,
  secrets: Readonly<Record<string, string>>,
): SupervisedRequest {
  return {
    argv,
    cwd,
    user,
    env: { ...spec.environment, ...secrets, ...workload.environment },
    restart: workload.restart,
    delayMs: workload.restartDelayMs,
    longestDelayMs: workload.longestRestartDelayMs,
    steadyMs: STEADY_RUN_MS,
  };
}
