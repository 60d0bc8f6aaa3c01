import type { Step } from './step.ts';

/** Halts the virtual CPUs. */
export const pauseMachine: Step = async ({ driver }, { vm, signal }) => {
  await driver.pauseMachine(vm.id, { signal });
  return {};
};
