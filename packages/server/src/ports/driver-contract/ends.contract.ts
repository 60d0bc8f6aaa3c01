import { expect, test } from 'vitest';
import type { MachineEnd } from '../driver.ts';
import { type DriverContext, waitForMachine } from './subject.contract.ts';

const CAUSES = ['powered-off', 'rebooted', 'panicked', 'vmm-died'] as const satisfies readonly MachineEnd['cause'][];

/** Machines that come to an end by themselves: hints, causes, and clearing what is left. */
export function endLaws({ driver, machine, options, subject }: DriverContext): void {
  for (const cause of CAUSES) {
    test(`sees a machine end by itself: ${cause}`, async ({ skip }) => {
      const provoke = subject().provoke[cause];
      skip(provoke === null, `cannot be provoked here: ${cause}`);
      const observer = driver();
      const spec = machine();
      await observer.createDisk(spec, options);
      await observer.startMachine(spec, options);

      await provoke?.(observer, spec.vmId);
      const ended = await waitForMachine(observer, spec.vmId, 'ended');

      expect(ended).toMatchObject({ incarnation: 1, end: { cause } });
      await expect(observer.startMachine(spec, options)).rejects.toMatchObject({ reason: 'driver.machine_present' });
      await expect(observer.pauseMachine(spec.vmId, options)).rejects.toMatchObject({ reason: 'driver.no_machine' });
      await observer.endMachine(spec.vmId, options);
      expect(await observer.inspect(spec.vmId, options)).toMatchObject({
        disk: { kind: 'present' },
        machine: { kind: 'absent' },
      });
    });

    test(`finds out afterwards how a machine ended while nobody was there: ${cause}`, async ({ skip }) => {
      const provoke = subject().provoke[cause];
      skip(provoke === null, `cannot be provoked here: ${cause}`);
      const before = driver();
      const spec = machine();
      await before.createDisk(spec, options);
      await before.startMachine(spec, options);

      await provoke?.(before, spec.vmId);
      await before[Symbol.asyncDispose]();
      const ended = await waitForMachine(driver(), spec.vmId, 'ended');

      expect(ended).toMatchObject({ incarnation: 1, end: { cause } });
    });
  }
}
