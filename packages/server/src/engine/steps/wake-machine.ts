import { withTimeout } from '../with-timeout.ts';
import { machineSpec, type Step } from './step.ts';

/** How long the agent of a guest that goes on may take to answer; it takes a tenth of a second. */
const ANSWER_MS = 15_000;

/**
 * Has the suspended machine go on, and its guest's agent answer, which sets the guest's clock. An agent that does not answer is told as
 * that of any running machine: the machine is left alone.
 */
export const wakeMachine: Step = async ({ driver, links, clock, log }, { vm, signal }) => {
  const handle = await driver.wakeMachine(machineSpec(vm), { signal });
  const { machine } = await driver.inspect(vm.id, { signal });
  const pid = machine.kind === 'running' || machine.kind === 'paused' ? machine.pid : null;
  const health = await withTimeout(clock, ANSWER_MS, signal, (limited) => links.open(vm.id, { signal: limited })).then(
    () => 'healthy' as const,
    (error: unknown) => {
      signal.throwIfAborted();
      log.warn('a guest that was woken does not answer', { vmId: vm.id, error });
      return 'degraded' as const;
    },
  );
  return { handle, pid, health, suspension: null };
};
