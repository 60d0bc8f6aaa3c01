import { toVolaryError } from '../../domain/errors.ts';
import type { VmId } from '../../domain/ids.ts';
import { withTimeout } from '../with-timeout.ts';
import { firstHealth, joined, type Step, type StepDeps, wokenSpec } from './step.ts';

/** How long the agent of a guest that goes on may take to answer; it takes a tenth of a second. */
const ANSWER_MS = 15_000;

/**
 * Has the suspended machine go on, and its guest's agent answer, which sets the guest's clock; then the guest is given its secrets as they
 * now are. An agent that does not answer is told as that of any running machine: the machine is left alone. Throws also `not_found`
 * secret.unknown, `data_loss` sealer.*.
 */
export const wakeMachine: Step = async (deps, { vm, signal }) => {
  const { driver, links, secrets, clock, restores } = deps;
  restores.begin('suspension', vm.incarnation);
  const handle = await driver.wakeMachine(await joined(deps, vm, await wokenSpec(deps, vm), signal), { signal });
  const { machine } = await driver.inspect(vm.id, { signal });
  const pid = machine.kind === 'running' || machine.kind === 'paused' ? machine.pid : null;
  const health = await withTimeout(clock, ANSWER_MS, signal, async (limited) => {
    const link = await links.open(vm.id, { signal: limited });
    restores.answered();
    await secrets.deliver(vm, link, { isBooted: false, signal: limited });
  }).then(
    () => firstHealth(vm),
    (error: unknown) => degraded(deps, vm.id, error, signal),
  );
  return { handle, pid, health, suspension: null };
};

/** Whatever the guest does not do. What cannot be given to it is another matter: it is not to go on without. */
function degraded({ log }: StepDeps, vmId: VmId, error: unknown, signal: AbortSignal): 'degraded' {
  signal.throwIfAborted();
  const { reason } = toVolaryError(error);
  if (reason.startsWith('secret.') || reason.startsWith('sealer.')) throw error;
  log.warn('a guest that was woken does not answer', { vmId, error });
  return 'degraded';
}
