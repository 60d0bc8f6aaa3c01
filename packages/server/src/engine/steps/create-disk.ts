import { machineSpec, requireImage, type Step } from './step.ts';

/** Makes the VM's own disk on top of the image, or as a copy of a saved one, unless it is there, and remembers which image it was made from. */
export const createDisk: Step = async ({ driver }, context) => {
  const { vm, signal } = context;
  const { disk } = await driver.inspect(vm.id, { signal });
  if (disk.kind === 'present') return { imageDigest: disk.imageDigest };
  const machine = machineSpec(vm);
  const { from } = machine;
  if (from?.kind === 'snapshot') return await driver.createDisk({ ...machine, from }, { signal });
  return await driver.createDisk({ ...machine, image: requireImage(context) }, { signal });
};
