import { keepDisks } from '../volumes/keep-disks.ts';
import type { Step } from './step.ts';

/** Removes the disk and everything else that is kept for the VM on this host, when what is to be kept as volumes is, and what it said is in the log. */
export const deleteDisk: Step = async (deps, { vm, signal }) => {
  const { driver } = deps;
  await keepDisks(deps, vm, signal);
  const untaken = await deps.logIntake.drain(vm, { signal });
  await driver.deleteDisk(vm.id, { signal });
  // As long as it is not removed, what repeats this may still take it.
  await deps.logIntake.tellLost(vm, untaken);
  return { imageDigest: null };
};
