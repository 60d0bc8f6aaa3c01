import type { Step } from './step.ts';

/** Removes the disk and everything else that is kept for the VM on this host. */
export const deleteDisk: Step = async ({ driver }, { vm, signal }) => {
  await driver.deleteDisk(vm.id, { signal });
  return { imageDigest: null };
};
