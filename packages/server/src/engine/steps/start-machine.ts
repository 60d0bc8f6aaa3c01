import { machineSpec, type Step } from './step.ts';

/** Starts the wanted life's machine, or takes over the one a former server started and had no time to write down. */
export const startMachine: Step = async ({ driver }, { vm, signal }) => {
  const handle = await driver.startMachine(machineSpec(vm), { signal });
  const { machine } = await driver.inspect(vm.id, { signal });
  const pid = machine.kind === 'running' || machine.kind === 'paused' ? machine.pid : null;
  return { handle, pid, incarnation: vm.desired.incarnation, startedAt: null, health: 'unknown' };
};
