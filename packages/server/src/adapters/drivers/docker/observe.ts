import { noGrowth } from '../../../domain/vm/machine-shape.ts';
import type { DriverHandle } from '../../../domain/vm/vm.ts';
import type { DiskState, MachineEnd, MachineState, VmObservation } from '../../../ports/driver.ts';
import type { Container } from './engine/containers.ts';
import type { MachineRecord } from './machine-record.ts';

/** What the agent ends with, as the first program of a container, to be started again. */
const EXIT_REBOOT = 100;
/** Whatever the host has: more processors than that no machine can be given. */
const MOST_VCPUS = 64;
const MOST_MEMORY_MIB = 1_048_576;

/** What the container and what is kept of its life say together. `hasRemains`: something besides is kept of a container that is not there. */
export function observe(
  container: Container | null,
  record: MachineRecord | null,
  { hasRemains = false } = {},
): VmObservation {
  if (container === null) {
    // Somebody else has removed it, and with it all that it had written.
    const detail = 'The container was removed by somebody else.';
    const machine: MachineState =
      record === null
        ? { kind: 'absent' }
        : { kind: 'ended', incarnation: record.incarnation, end: { cause: 'vmm-died', detail } };
    return { disk: { kind: record === null && !hasRemains ? 'absent' : 'remnants' }, machine };
  }
  const disk: DiskState =
    container.state === 'other' ? { kind: 'remnants' } : { kind: 'present', imageDigest: container.imageDigest };
  return { disk, machine: machineOf(container, record) };
}

function machineOf(container: Container, record: MachineRecord | null): MachineState {
  const { state } = container;
  // One of which nothing is kept was started by somebody else: it is of no life that anybody asked for.
  const incarnation = record?.incarnation ?? 0;
  if (state === 'running' || state === 'paused') {
    const shape = record === null ? {} : { shape: shapeOf(container, record) };
    const packs = container.packs.length === 0 ? {} : { packs: container.packs.map(({ digest }) => digest) };
    return {
      kind: state,
      incarnation,
      handle: handleOf(container, incarnation),
      pid: container.pid,
      ...packs,
      ...shape,
    };
  }
  if (record === null || record.startedBefore === container.startedAt) return { kind: 'absent' };
  return { kind: 'ended', incarnation, end: endOf(container) };
}

export function handleOf({ id }: Pick<Container, 'id'>, incarnation: number): DriverHandle {
  return { driver: 'docker', version: 1, state: { containerId: id, incarnation } };
}

/** The id of its container, which other programs know it by. */
export function nameOfMachine({ driver, version, state }: DriverHandle): string | null {
  const id = driver === 'docker' && version === 1 ? state['containerId'] : null;
  return typeof id === 'string' ? id : null;
}

export function shapeOf({ vcpuCount, memoryMib }: Container, { diskGib }: MachineRecord) {
  const growth = { vcpuCount: MOST_VCPUS, memoryMib: MOST_MEMORY_MIB, memoryStepMib: 1, canGrowDisk: true };
  const size = { vcpuCount, memoryMib, diskGib };
  return { ...size, growth: { ...noGrowth(size), ...growth } };
}

function endOf({ exitCode, wasOutOfMemory }: Container): MachineEnd {
  if (exitCode === 0) return { cause: 'powered-off' };
  if (exitCode === EXIT_REBOOT) return { cause: 'rebooted' };
  const why = wasOutOfMemory ? ' It had used up its memory.' : '';
  return { cause: 'vmm-died', detail: `The container's first program ended with code ${exitCode}.${why}` };
}
