import { VolaryError } from '../../domain/errors.ts';
import { growTowards, type MachineSize, sizeOfSpec } from '../../domain/vm/machine-shape.ts';
import type { GuestLink } from '../../ports/guest-link.ts';
import { withTimeout } from '../with-timeout.ts';
import type { Step, StepDeps } from './step.ts';

/** How long a guest may take to notice what it was given, and to use it; under emulation it takes a second for each processor. */
const GUEST_MS = 60_000;
const LOOK_MS = 50;
const MIB = 1024 ** 2;
const GIB = 1024 ** 3;
/** A last group of blocks that is too small to be one is left out: ext4 has 128 MiB in each. */
const UNUSED_ROOT_BYTES = 128 * MIB;

/**
 * Gives the machine what its spec has more, as far as it can have that while it runs, and has its guest use it. What it has already is left
 * as it is. Throws what `Driver.resizeMachine` does, `failed_precondition` driver.cannot_resize where its agent is too old,
 * `deadline_exceeded` vm.not_grown.
 */
export const resizeMachine: Step = async (deps, { vm, signal }) => {
  const { driver, links, clock } = deps;
  const { machine } = await driver.inspect(vm.id, { signal });
  if (machine.kind !== 'running' || machine.shape === undefined) return {};
  const size = growTowards(machine.shape, sizeOfSpec(vm.spec));
  const link = await withTimeout(clock, GUEST_MS, signal, (limited) => links.open(vm.id, { signal: limited }));
  if (!link.info.capabilities.includes('grow')) throw tooOld();
  const shape = await driver.resizeMachine(vm.id, size, { signal });
  await withTimeout(
    clock,
    GUEST_MS,
    signal,
    (limited) => untilUsed(deps, link, size, limited),
    () => notGrown(size),
  );
  return vm.machine === null ? {} : { machine: { ...vm.machine, ...shape } };
};

/** What is plugged into a machine, its kernel notices some time later. */
async function untilUsed({ clock }: StepDeps, link: GuestLink, size: MachineSize, signal: AbortSignal): Promise<void> {
  for (;;) {
    const { cpuCount, memoryBytes, rootBytes } = await link.grow({ signal });
    const hasRoom = rootBytes === null || rootBytes >= size.diskGib * GIB - UNUSED_ROOT_BYTES;
    if (cpuCount >= size.vcpuCount && memoryBytes >= size.memoryMib * MIB && hasRoom) return;
    await clock.sleep(LOOK_MS, { signal });
  }
}

function tooOld(): VolaryError {
  return new VolaryError(
    'failed_precondition',
    'The agent of this guest is of an earlier version, and cannot take anything while it runs. Restart the VM.',
    { reason: 'driver.cannot_resize' },
  );
}

function notGrown({ vcpuCount, memoryMib }: MachineSize): VolaryError {
  return new VolaryError(
    'deadline_exceeded',
    `The machine was given what was asked for, but its guest does not use it within ${GUEST_MS / 1000} s.`,
    { reason: 'vm.not_grown', details: { vcpus: vcpuCount, memory_mib: memoryMib } },
  );
}
