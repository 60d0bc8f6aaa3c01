import { machineSpec, requireImage, type Step } from './step.ts';

/** Makes the VM's own disk on top of the image unless it is there, and remembers which image it was made from. */
export const createDisk: Step = async ({ driver }, context) => {
  const { vm, signal } = context;
  const { disk } = await driver.inspect(vm.id, { signal });
  if (disk.kind === 'present') return { imageDigest: disk.imageDigest };
  return await driver.createDisk({ ...machineSpec(vm), image: requireImage(context) }, { signal });
};
