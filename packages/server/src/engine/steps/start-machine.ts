import { machineSpec, requireImage, type Step } from './step.ts';

/** Starts the wanted life's machine, or takes over the one a former server started and had no time to write down. */
export const startMachine: Step = async ({ driver }, context) => {
  const { vm, signal } = context;
  const handle = await driver.startMachine(machineSpec(vm, requireImage(context)), { signal });
  const { machine } = await driver.inspect(vm.id, { signal });
  const pid = machine.kind === 'running' || machine.kind === 'paused' ? machine.pid : null;
  return { handle, pid, incarnation: vm.desired.incarnation, startedAt: null, health: 'unknown' };
};
