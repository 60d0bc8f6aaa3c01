import type { Image } from '../../domain/image/image.ts';
import type { VmSpec } from '../../domain/vm/spec.ts';
import type { Vm } from '../../domain/vm/vm.ts';
import type { DiskSpec } from '../../ports/driver.ts';

/** What VMs have in common that can begin from the same template, as far as it can be told without asking the driver. */
export interface WarmShape {
  readonly spec: VmSpec;
  readonly imageDigest: string;
}

/** One text for each shape. */
export function shapeKeyOf({ spec, imageDigest }: WarmShape): string {
  const { vcpuCount, memoryMib, diskGib, network } = spec;
  return JSON.stringify([imageDigest, vcpuCount, memoryMib, diskGib, network.mode]);
}

/** A VM's machine, for the driver to find or make a template by. */
export function likenessOf({ id: vmId, name, spec, labels }: Vm, image: Image): DiskSpec {
  return { vmId, name, incarnation: 1, spec, labels, image };
}
