import { machineSpec, type Step, savedRef } from './step.ts';

/** Has ready, beside the VM as it is, what its next life begins from. */
export const prepareRestore: Step = async (deps, { vm, signal }) => {
  const { origin } = vm;
  if (origin === null) throw new TypeError('the plan chose to restore a VM that has nothing to begin from');
  await deps.driver.prepareRestore({ ...(await machineSpec(deps, vm)), from: savedRef(origin) }, { signal });
  return { origin: { ...origin, disk: 'prepared' } };
};
