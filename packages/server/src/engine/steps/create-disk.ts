import { machineSpec, requireImage, type Step } from './step.ts';

/** Makes the VM's own disk on top of the image, and remembers which image that is. */
export const createDisk: Step = async ({ driver }, context) => {
  const image = requireImage(context);
  await driver.createDisk(machineSpec(context.vm, image), { signal: context.signal });
  return { imageDigest: image.digest };
};
