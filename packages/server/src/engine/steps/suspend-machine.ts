import type { Step } from './step.ts';

/** Saves the machine beside its disk and ends it: commands stay in its guest, with the output that nobody has fetched. */
export const suspendMachine: Step = async ({ driver, links }, { vm, signal }) => {
  await links.drop(vm.id);
  await driver.suspendMachine(vm.id, { signal });
  return { handle: null, pid: null, health: 'unknown' };
};
