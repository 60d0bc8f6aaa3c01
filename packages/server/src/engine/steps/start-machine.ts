import type { DriverHandle, Vm } from '../../domain/vm/vm.ts';
import { withTimeout } from '../with-timeout.ts';
import { machineSpec, type Step, type StepDeps } from './step.ts';

/** How long a fork may take to its agent's answer; it takes a tenth of a second. */
const ANSWER_MS = 15_000;

/** Starts the wanted life's machine, or takes over the one a former server started and had no time to write down. */
export const startMachine: Step = async (deps, { vm, signal }) => {
  const handle = (await beginWarm(deps, vm, signal)) ?? (await deps.driver.startMachine(machineSpec(vm), { signal }));
  const { machine } = await deps.driver.inspect(vm.id, { signal });
  const pid = machine.kind === 'running' || machine.kind === 'paused' ? machine.pid : null;
  return { handle, pid, incarnation: vm.desired.incarnation, startedAt: null, health: 'unknown' };
};

/**
 * Begins the VM's first life as a fork, where there is something to begin from, and sees to it that its guest answers: null when it has to
 * boot. Nobody has been in a VM whose first start was never completed, so that its disk may be made anew.
 */
async function beginWarm(
  { driver, links, warm, clock }: StepDeps,
  vm: Vm,
  signal: AbortSignal,
): Promise<DriverHandle | null> {
  // One that begins from a snapshot begins from that.
  if (vm.incarnation > 0 || machineSpec(vm).from !== undefined) return null;
  const from = await warm.find(vm, { signal });
  if (from === null) return null;
  try {
    const handle = await driver.startMachine({ ...machineSpec(vm), from }, { signal });
    await withTimeout(clock, ANSWER_MS, signal, (limited) => links.open(vm.id, { signal: limited }));
    return handle;
  } catch (error) {
    signal.throwIfAborted();
    await warm.reject(vm, from, error);
    await links.drop(vm.id);
    await driver.endMachine(vm.id, { signal });
    return null;
  }
}
