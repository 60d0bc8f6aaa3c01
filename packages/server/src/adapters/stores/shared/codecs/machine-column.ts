import type { VmMachine } from '../../../../domain/vm/machine-shape.ts';
import { NETWORK_MODES } from '../../../../domain/vm/spec.ts';
import * as read from './read-value.ts';

const networkMode = read.oneOf(NETWORK_MODES);

/** A column with what a VM's machine was made with. */
export const machine = read.json((value, field): VmMachine => {
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
  };
});
