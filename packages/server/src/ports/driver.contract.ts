import { afterAll, afterEach, beforeAll, beforeEach, describe } from 'vitest';
import type { DiskSpec, Driver } from './driver.ts';
import { adoptionLaws } from './driver-contract/adoption.contract.ts';
import { consoleLaws } from './driver-contract/console.contract.ts';
import { diskLaws } from './driver-contract/disk.contract.ts';
import { endLaws } from './driver-contract/ends.contract.ts';
import { hostLaws } from './driver-contract/host.contract.ts';
import { linkLaws } from './driver-contract/link.contract.ts';
import { machineLaws } from './driver-contract/machine.contract.ts';
import { packLaws } from './driver-contract/packs.contract.ts';
import { resizeLaws } from './driver-contract/resize.contract.ts';
import { savedLaws } from './driver-contract/saved.contract.ts';
import type { DriverContext, DriverSubject } from './driver-contract/subject.contract.ts';
import { surveyLaws } from './driver-contract/survey.contract.ts';
import { suspendLaws } from './driver-contract/suspend.contract.ts';
import { volumeLaws } from './driver-contract/volumes.contract.ts';
import { warmLaws } from './driver-contract/warm.contract.ts';

/**
 * What every driver must do: each sentence of `driver.ts` has a test here. Called at the top of an implementation's
 * own test file. `make` is called once; each test has VMs of its own, which are removed after it.
 */
export function driverContract(implementation: {
  readonly name: string;
  readonly make: () => Promise<DriverSubject>;
}): void {
  describe(`${implementation.name} fulfils the driver contract`, () => {
    const options = { signal: new AbortController().signal };
    let subject: DriverSubject | null = null;
    let drivers: Driver[] = [];
    let machines: DiskSpec[] = [];

    const requireSubject = (): DriverSubject => {
      if (subject === null) throw new Error('the subject was not made');
      return subject;
    };
    const context: DriverContext = {
      subject: requireSubject,
      driver: () => keep(drivers, requireSubject().makeDriver()),
      machine: () => keep(machines, requireSubject().makeMachine()),
      options,
    };

    beforeAll(async () => {
      subject = await implementation.make();
    });

    afterEach(async () => {
      const driver = requireSubject().makeDriver();
      for (const { vmId } of machines) {
        await driver.endMachine(vmId, options);
        await driver.deleteDisk(vmId, options);
      }
      for (const one of [...drivers, driver]) await one[Symbol.asyncDispose]();
      machines = [];
      drivers = [];
    });

    afterAll(async () => {
      await subject?.[Symbol.asyncDispose]();
    });

    hostLaws(context);
    diskLaws(context);
    machineLaws(context);
    endLaws(context);
    linkLaws(context);
    surveyLaws(context);
    adoptionLaws(context);
    resizeLaws(context);
    warmLaws(context);
    consoleLaws(context);
    where(
      'machines cannot be saved',
      ({ capabilities }) => capabilities.supportsSnapshots,
      () => {
        savedLaws(context);
        suspendLaws(context);
      },
    );
    where(
      'there are no volumes',
      ({ volumes }) => volumes !== null,
      () => volumeLaws(context),
    );
    where(
      'machines cannot be given packs',
      ({ packs }) => packs !== null,
      () => packLaws(context),
    );

    /** These hold only where the driver can do what they are about; elsewhere they are skipped, and say why. */
    function where(lack: string, can: (driver: Driver) => boolean, laws: () => void): void {
      describe('', () => {
        beforeEach(({ skip }) => skip(!can(context.driver()), lack));
        laws();
      });
    }
  });
}

function keep<T>(list: T[], item: T): T {
  list.push(item);
  return item;
}
