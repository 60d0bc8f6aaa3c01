import { noGrowth } from '../../domain/vm/machine-shape.ts';
import type { DriverHandle, Vm } from '../../domain/vm/vm.ts';
import type { MachineSpec } from '../../ports/driver.ts';
import { noTemplate } from '../warm/warm-starts.ts';
import { withTimeout } from '../with-timeout.ts';
import { firstHealth, machineSpec, type Step, type StepContext, type StepDeps, startedMachine } from './step.ts';

/** How long a fork may take to its agent's answer; it takes a tenth of a second. */
const ANSWER_MS = 15_000;

/**
 * Starts the wanted life's machine, or takes over the one that is there: a spare, or one that a former server started and had no time to
 * write down. The guest of one that began warm has answered already; which process it is, is seen when it is looked at next.
 */
export const startMachine: Step = async (deps, context) => {
  const { vm, signal } = context;
  const { incarnation } = vm.desired;
  const warm = (await giveSpare(deps, context)) ?? (await beginWarm(deps, vm, signal));
  if (warm !== null) {
    // Another one like it may be asked for soon.
    deps.warm.suggest(vm);
    return {
      handle: warm,
      machine: startedMachine(vm, noGrowth(vm.spec)),
      pid: null,
      incarnation,
      ...heardOf(deps, vm),
      suspension: null,
    };
  }
  const handle = await deps.driver.startMachine(machineSpec(vm), { signal });
  const { machine } = await deps.driver.inspect(vm.id, { signal });
  const pid = machine.kind === 'running' || machine.kind === 'paused' ? machine.pid : null;
  const started = startedMachine(vm, noGrowth(vm.spec));
  return { handle, machine: started, pid, incarnation, startedAt: null, health: 'unknown', suspension: null };
};

/** The guest has answered; but nobody is to talk to it before it has its secrets, which it is given by the next step. */
function heardOf({ clock }: StepDeps, vm: Vm): Pick<Vm, 'startedAt' | 'health'> {
  if (vm.secrets.length > 0) return { startedAt: null, health: 'unknown' };
  return { startedAt: clock.now(), health: firstHealth(vm) };
}

/** A first life whose machine waits for it, halted. Null where there is none, or it is of no use: then nothing is left of it. */
async function giveSpare(deps: StepDeps, { vm, signal }: StepContext): Promise<DriverHandle | null> {
  if (!mayBeginWarm(vm)) return null;
  const { machine } = await deps.driver.inspect(vm.id, { signal });
  if (machine.kind !== 'paused') return null;
  try {
    return await startAndHear(deps, machineSpec(vm), signal);
  } catch (error) {
    signal.throwIfAborted();
    deps.log.warn('a spare machine could not be used', { vmId: vm.id, error });
    await endMachine(deps, vm, signal);
    return null;
  }
}

/** A first life that begins as a fork of a template. Null where there is none, or it is of no use and the VM has to boot. */
async function beginWarm(deps: StepDeps, vm: Vm, signal: AbortSignal): Promise<DriverHandle | null> {
  if (!mayBeginWarm(vm)) return null;
  const from = await deps.warm.find(vm, { signal });
  if (from === null) {
    if (vm.warmStart === 'require') throw noTemplate('It has been removed since this VM was asked for.');
    return null;
  }
  try {
    return await startAndHear(deps, { ...machineSpec(vm), from }, signal);
  } catch (error) {
    signal.throwIfAborted();
    await deps.warm.reject(vm, from, error);
    await endMachine(deps, vm, signal);
    if (vm.warmStart === 'require') throw error;
    return null;
  }
}

/** Nobody has been in a VM whose first start was never completed. One that begins from a snapshot begins from that. */
function mayBeginWarm(vm: Vm): boolean {
  return vm.incarnation === 0 && machineSpec(vm).from === undefined;
}

/** Starts a machine that has not to boot, and sees to it that its guest answers. */
async function startAndHear(
  { driver, links, clock }: StepDeps,
  machine: MachineSpec,
  signal: AbortSignal,
): Promise<DriverHandle> {
  const handle = await driver.startMachine(machine, { signal });
  await withTimeout(clock, ANSWER_MS, signal, (limited) => links.open(machine.vmId, { signal: limited }));
  return handle;
}

async function endMachine({ links, driver }: StepDeps, { id }: Vm, signal: AbortSignal): Promise<void> {
  await links.drop(id);
  await driver.endMachine(id, { signal });
}
