import { NETWORK_MODES } from '../../../../domain/network/vm-network.ts';
import type { VmMachine } from '../../../../domain/vm/machine-shape.ts';
import type { VmSpec } from '../../../../domain/vm/spec.ts';
import * as read from './read-value.ts';
import { healthCheck, workload } from './workload-column.ts';

const networkMode = read.oneOf(NETWORK_MODES);

/** A column with what a VM's machine was made with; `spec` is the VM's: before it was written down what a machine runs, it was what the VM is set to run. */
export function decodeMachine(column: unknown, spec: VmSpec): VmMachine | null {
  return read.nullable(read.json((value, field) => machineIn(value, field, spec)))(column, 'machine');
}

function machineIn(value: unknown, field: string, spec: VmSpec): VmMachine {
  const stored = read.object(value, field);
  const count = (name: string): number => read.count(stored[name], `${field}.${name}`);
  const growth = read.object(stored['growth'], `${field}.growth`);
  const bound = (name: string): number => read.count(growth[name], `${field}.growth.${name}`);
  return {
    vcpuCount: count('vcpuCount'),
    memoryMib: count('memoryMib'),
    diskGib: count('diskGib'),
    growth: {
      vcpuCount: bound('vcpuCount'),
      memoryMib: bound('memoryMib'),
      memoryStepMib: bound('memoryStepMib'),
      canGrowDisk: read.boolean(growth['canGrowDisk'], `${field}.growth.canGrowDisk`),
    },
    name: read.text(stored['name'], `${field}.name`),
    networkMode: networkMode(stored['networkMode'], `${field}.networkMode`),
    workload: 'workload' in stored ? workload(stored['workload'], `${field}.workload`) : spec.workload,
    healthCheck:
      'healthCheck' in stored ? healthCheck(stored['healthCheck'], `${field}.healthCheck`) : spec.healthCheck,
  };
}
