import type { Step } from './step.ts';

/** Sets the virtual CPUs going. */
export const resumeMachine: Step = async ({ driver }, { vm, signal }) => {
  await driver.resumeMachine(vm.id, { signal });
  return {};
};
