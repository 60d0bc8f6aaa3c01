import { toVolaryError } from '../../domain/errors.ts';
import type { DriverHandle, Origin, Vm } from '../../domain/vm/vm.ts';
import type { MachineSpec } from '../../ports/driver.ts';
import type { Pack } from '../../ports/machine-packs.ts';
import { followMounting } from '../tools/follow-mounting.ts';
import { noTemplate } from '../warm/warm-starts.ts';
import { withTimeout } from '../with-timeout.ts';
import {
  firstHealth,
  isFromSnapshot,
  joined,
  machineSpec,
  type Step,
  type StepContext,
  type StepDeps,
  startedMachine,
} from './step.ts';

/** How long a fork may take to its agent's answer; it takes a tenth of a second. */
const ANSWER_MS = 15_000;

/**
 * Starts the wanted life's machine, or takes over the one that is there: a spare, or one that a former server started and had no time to
 * write down. The guest of one that began warm has answered already; which process it is, is seen when it is looked at next.
 */
export const startMachine: Step = async (deps, context) => {
  const { vm, signal } = context;
  const { incarnation } = vm.desired;
  const packs = firstPacks(context);
  const warm = (await giveSpare(deps, context, packs)) ?? (await beginWarm(deps, vm, packs, signal));
  if (warm !== null) {
    // Another one like it may be asked for soon.
    deps.warm.suggest(vm);
    return {
      handle: warm,
      machine: await startedMachine(deps, vm),
      pid: null,
      incarnation,
      ...heardOf(deps, vm),
      suspension: null,
    };
  }
  const wanted = await machineSpec(deps, vm);
  deps.restores.begin(isFromSnapshot(vm) ? savedOrigin(vm.origin) : null, incarnation);
  const handle = await deps.driver.startMachine(await joined(deps, vm, wanted, signal), { signal });
  const { machine } = await deps.driver.inspect(vm.id, { signal });
  const pid = machine.kind === 'running' || machine.kind === 'paused' ? machine.pid : null;
  const started = await startedMachine(deps, vm);
  return { handle, machine: started, pid, incarnation, startedAt: null, health: 'unknown', suspension: null };
};

/** A VM that was made from a snapshot is a fork, whether or not what it was forked from still runs. */
function savedOrigin({ disk }: Origin): 'fork' | 'snapshot' {
  return disk === 'made' ? 'fork' : 'snapshot';
}

/** The guest has answered; but nobody is to talk to it before it has its secrets, which it is given by the next step. */
function heardOf({ clock }: StepDeps, vm: Vm): Pick<Vm, 'startedAt' | 'health'> {
  if (vm.secrets.length > 0) return { startedAt: null, health: 'unknown' };
  return { startedAt: clock.now(), health: firstHealth(vm) };
}

/**
 * What a machine that has not to boot is set going with. Where something is to be put into its guest before anybody else gets to speak to it, that would wait for
 * them to be mounted: there they come after it. So do those that are not there, and that the plan has built first.
 */
function firstPacks({ vm, packs }: StepContext): readonly Pack[] {
  return vm.secrets.length === 0 ? (packs ?? []) : [];
}

/** A first life whose machine waits for it, halted. Null where there is none, or it is of no use: then nothing is left of it. */
async function giveSpare(
  deps: StepDeps,
  { vm, signal }: StepContext,
  packs: readonly Pack[],
): Promise<DriverHandle | null> {
  if (!mayBeginWarm(vm)) return null;
  const { machine } = await deps.driver.inspect(vm.id, { signal });
  if (machine.kind !== 'paused') return null;
  try {
    const wanted = { ...(await machineSpec(deps, vm)), packs };
    return await startAndHear(deps, vm, await joined(deps, vm, wanted, signal), signal);
  } catch (error) {
    signal.throwIfAborted();
    if (isOfPacks(error)) throw error;
    deps.log.warn('a spare machine could not be used', { vmId: vm.id, error });
    await endMachine(deps, vm, signal);
    return null;
  }
}

/** A first life that begins as a fork of a template. Null where there is none, or it is of no use and the VM has to boot. */
async function beginWarm(
  deps: StepDeps,
  vm: Vm,
  packs: readonly Pack[],
  signal: AbortSignal,
): Promise<DriverHandle | null> {
  if (!mayBeginWarm(vm)) return null;
  const from = await deps.warm.find(vm, { signal });
  if (from === null) {
    if (vm.warmStart === 'require') throw noTemplate('It has been removed since this VM was asked for.');
    return null;
  }
  try {
    const wanted = { ...(await machineSpec(deps, vm)), from, packs };
    return await startAndHear(deps, vm, await joined(deps, vm, wanted, signal), signal);
  } catch (error) {
    signal.throwIfAborted();
    if (isOfPacks(error)) throw error;
    await deps.warm.reject(vm, from, error);
    await endMachine(deps, vm, signal);
    if (vm.warmStart === 'require') throw error;
    return null;
  }
}

/** Nobody has been in a VM whose first start was never completed. One that begins from a snapshot begins from that. */
function mayBeginWarm(vm: Vm): boolean {
  return vm.incarnation === 0 && !isFromSnapshot(vm);
}

/** Starts a machine that has not to boot, and sees to it that its guest answers. */
async function startAndHear(
  deps: StepDeps,
  vm: Vm,
  machine: MachineSpec & { readonly packs: readonly Pack[] },
  signal: AbortSignal,
): Promise<DriverHandle> {
  const { driver, links, clock, restores } = deps;
  restores.begin(machine.from === undefined ? 'spare' : 'warm-template', machine.incarnation);
  const handle = await driver.startMachine(machine, { signal });
  const link = await withTimeout(clock, ANSWER_MS, signal, (limited) => links.open(vm.id, { signal: limited }));
  restores.answered();
  followMounting(deps, vm, link, machine.packs);
  return handle;
}

/** Nothing is wrong with the machine, nor with what it begins from. */
function isOfPacks(error: unknown): boolean {
  const { reason } = toVolaryError(error);
  return reason === 'driver.pack_gone' || reason === 'driver.too_many_packs' || reason === 'driver.disk_full';
}

async function endMachine({ links, driver }: StepDeps, { id }: Vm, signal: AbortSignal): Promise<void> {
  await links.drop(id);
  await driver.endMachine(id, { signal });
}
