import type { NetworkMode } from '../network/vm-network.ts';
import type { HealthCheck } from '../workload/health-check.ts';
import type { Workload } from '../workload/workload.ts';
import type { VmSpec } from './spec.ts';

/** How large a machine is. */
export interface MachineSize {
  readonly vcpuCount: number;
  readonly memoryMib: number;
  /** Virtual size of its root disk. */
  readonly diskGib: number;
}

/** How large a machine can be made while it runs; where it cannot, the bounds are its own size. */
export interface MachineGrowth {
  readonly vcpuCount: number;
  readonly memoryMib: number;
  /** Memory comes in whole ones of these. */
  readonly memoryStepMib: number;
  readonly canGrowDisk: boolean;
}

/** A machine that is there, as it is. */
export interface MachineShape extends MachineSize {
  readonly growth: MachineGrowth;
}

/** What a VM's machine was made with, as far as that can be changed of the VM meanwhile. Also that of a suspended one. */
export interface VmMachine extends MachineShape {
  /** As its guest knows itself. */
  readonly name: string;
  readonly networkMode: NetworkMode;
  /** What its guest was told to run. */
  readonly workload: Workload | null;
  /** By which it is asked how it is, as long as its VM is to run something else from its next start on. */
  readonly healthCheck: HealthCheck | null;
}

/** How large the machine of this spec is. */
export function sizeOfSpec({ vcpuCount, memoryMib, diskGib }: VmSpec): MachineSize {
  return { vcpuCount, memoryMib, diskGib };
}

/** Of a machine that cannot be made larger while it runs. */
export function noGrowth({ vcpuCount, memoryMib }: MachineSize): MachineGrowth {
  return { vcpuCount, memoryMib, memoryStepMib: 1, canGrowDisk: false };
}

/** As large as the machine can be made towards this size while it runs; what it cannot have of it stays as it is. */
export function growTowards(machine: MachineShape, wanted: MachineSize): MachineSize {
  const { vcpuCount, memoryMib, diskGib, growth } = machine;
  const isMemoryWhole = (wanted.memoryMib - memoryMib) % growth.memoryStepMib === 0;
  return {
    vcpuCount: within(vcpuCount, wanted.vcpuCount, growth.vcpuCount),
    memoryMib: isMemoryWhole ? within(memoryMib, wanted.memoryMib, growth.memoryMib) : memoryMib,
    diskGib: growth.canGrowDisk ? Math.max(diskGib, wanted.diskGib) : diskGib,
  };
}

export function isSameSize(one: MachineSize, other: MachineSize): boolean {
  return one.vcpuCount === other.vcpuCount && one.memoryMib === other.memoryMib && one.diskGib === other.diskGib;
}

function within(present: number, wanted: number, most: number): number {
  return wanted > present && wanted <= most ? wanted : present;
}
