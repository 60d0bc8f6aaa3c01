import { randomUUIDv7 } from 'node:crypto';
import { afterAll, afterEach, beforeAll } from 'vitest';
import { idFromUuid, type SnapshotId } from '../../../domain/ids.ts';
import type { DiskSpec, Driver } from '../../../ports/driver.ts';
import type { GuestLink } from '../../../ports/guest-link.ts';
import { makeQemuHost, type QemuHost, removeVm } from './qemu-host.fixture.ts';

/** QEMU for the tests of one file, on a host of its own. */
export interface QemuInUse {
  /** There once the tests have begun, or a `beforeAll` of theirs; so is its driver. */
  readonly host: QemuHost;
  /** A test that ends it puts another in its place. */
  driver: Driver;
  /** A machine like any other but for its id; it is gone after the test. */
  newMachine(changes?: Partial<DiskSpec>): DiskSpec;
  /** What is saved under it is gone after the test. */
  newSnapshot(): SnapshotId;
  /** Boots it from a new disk. */
  start(machine: DiskSpec): Promise<GuestLink>;
}

const options = { signal: new AbortController().signal };

/** To be called once, beside the tests. */
export function useQemu(): QemuInUse {
  let made: { readonly host: QemuHost; driver: Driver } | null = null;
  let machines: DiskSpec[] = [];
  let snapshots: SnapshotId[] = [];
  const inUse = () => {
    if (made === null) throw new Error('QEMU is there once the tests have begun');
    return made;
  };

  beforeAll(async () => {
    const host = await makeQemuHost();
    made = { host, driver: host.makeDriver() };
  });
  afterEach(async () => {
    const { driver } = inUse();
    for (const { vmId } of machines) await removeVm(driver, vmId);
    for (const id of snapshots) await driver.deleteSaved(id, options);
    [machines, snapshots] = [[], []];
  });
  afterAll(async () => {
    await made?.driver[Symbol.asyncDispose]();
    await made?.host[Symbol.asyncDispose]();
  });

  return {
    get host() {
      return inUse().host;
    },
    get driver() {
      return inUse().driver;
    },
    set driver(driver) {
      inUse().driver = driver;
    },
    newMachine(changes = {}) {
      const machine = inUse().host.makeMachine({ ...changes, vmId: idFromUuid('vm', randomUUIDv7()) });
      machines.push(machine);
      return machine;
    },
    newSnapshot() {
      const id = idFromUuid('snap', randomUUIDv7());
      snapshots.push(id);
      return id;
    },
    async start(machine) {
      const { driver } = inUse();
      await driver.createDisk(machine, options);
      await driver.startMachine(machine, options);
      return await driver.openLink(machine.vmId, options);
    },
  };
}
