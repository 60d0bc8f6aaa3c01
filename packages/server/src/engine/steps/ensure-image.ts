import type { Step } from './step.ts';

/** Builds the image that the VM asks for unless it is on the host. */
export const ensureImage: Step = async ({ images }, { vm, signal, onProgress }) => {
  await images.ensure(vm.spec.image, {
    signal,
    onProgress: ({ fraction, step, message }) => onProgress({ fraction, message: `${step}: ${message}` }),
  });
  return {};
};
