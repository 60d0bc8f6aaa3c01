import type { MachineShape } from '../../../domain/vm/machine-shape.ts';
import type { VmSpec } from '../../../domain/vm/spec.ts';
import type { KeptMachine } from './kept-vm.ts';

/** What a machine can be given while it runs. */
const MOST_VCPUS = 8;
const MOST_TIMES_MEMORY = 4;
const MEMORY_STEP_MIB = 128;

/** Of a machine that begins. */
export function sizeOf({ vcpuCount, memoryMib, diskGib, network }: VmSpec): NonNullable<KeptMachine['size']> {
  return {
    ...{ vcpuCount, memoryMib, diskGib, networkMode: network.mode },
    ...{ mostVcpus: Math.max(vcpuCount, MOST_VCPUS), mostMemoryMib: memoryMib * MOST_TIMES_MEMORY },
  };
}

/** How large a machine is, and can be made while it runs. */
export function shapeOf(size: KeptMachine['size']): MachineShape | null {
  if (size === undefined) return null;
  const { vcpuCount, memoryMib, diskGib } = size;
  const growth = {
    vcpuCount: size.mostVcpus ?? vcpuCount,
    memoryMib: size.mostMemoryMib ?? memoryMib,
    ...{ memoryStepMib: MEMORY_STEP_MIB, canGrowDisk: true },
  };
  return { vcpuCount, memoryMib, diskGib, growth };
}
