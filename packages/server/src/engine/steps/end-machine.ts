import type { Step } from './step.ts';

/** Ends the machine, whatever state it is in, and clears what is left of it. The disk is kept. */
export const endMachine: Step = async ({ driver, links }, { vm, signal }) => {
  await links.drop(vm.id);
  await driver.endMachine(vm.id, { signal });
  return { handle: null, machine: null, pid: null, startedAt: null, health: 'unknown', suspension: null };
};
