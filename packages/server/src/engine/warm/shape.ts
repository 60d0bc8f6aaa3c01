import type { Image } from '../../domain/image/image.ts';
import type { VmSpec } from '../../domain/vm/spec.ts';
import type { Vm } from '../../domain/vm/vm.ts';
import type { DiskSpec } from '../../ports/driver.ts';

/** One text for all VMs that can begin from the same template, as far as it can be told without asking anybody. */
export function shapeKeyOf({ image, vcpuCount, memoryMib, diskGib, network }: VmSpec): string {
  return JSON.stringify([image, vcpuCount, memoryMib, diskGib, network.mode]);
}

/** A VM's machine, for the driver to find or make a template by. */
export function likenessOf({ id: vmId, name, spec, labels }: Vm, image: Image): DiskSpec {
  return { vmId, name, incarnation: 1, spec, labels, image };
}
