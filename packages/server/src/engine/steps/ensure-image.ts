import type { EnsureOptions } from '../../ports/image-source.ts';
import { ensureContents } from '../images/disk-contents.ts';
import type { Step } from './step.ts';

/** Builds the image that the VM asks for unless it is on the host, and has there what its other disks begin with. */
export const ensureImage: Step = async ({ images }, { vm, signal, onProgress }) => {
  const options: Pick<EnsureOptions, 'signal' | 'onProgress'> = {
    signal,
    onProgress: ({ fraction, step, message }) => onProgress({ fraction, message: `${step}: ${message}` }),
  };
  await images.ensure(vm.spec.image, options);
  await ensureContents(images, vm.spec.disks, options);
  return {};
};
