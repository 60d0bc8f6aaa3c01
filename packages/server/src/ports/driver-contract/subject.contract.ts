import type { VmId } from '../../domain/ids.ts';
import type { DiskSpec, Driver, MachineEnd, MachineState } from '../driver.ts';

/** What the suite needs of an implementation beside the driver itself. Made once for all tests. */
export interface DriverSubject extends AsyncDisposable {
  /** A driver of this installation; each call is like a server that starts anew on the same host. */
  makeDriver(): Driver;
  /** A machine of a new VM that can be started here, in its first incarnation. */
  makeMachine(): DiskSpec;
  /** Makes a machine whose guest answers come to this end by itself. Null where the implementation cannot. */
  readonly provoke: Readonly<
    Record<Exclude<MachineEnd['cause'], 'io-error'>, ((driver: Driver, vmId: VmId) => Promise<void>) | null>
  >;
}

/** The driver under test, and how to get things to test it with. */
export interface DriverContext {
  readonly subject: () => DriverSubject;
  /** A driver that is disposed of after the test. */
  readonly driver: () => Driver;
  /** A VM that is removed after the test, whatever is left of it. */
  readonly machine: () => DiskSpec;
  /** For calls that are not to be aborted. */
  readonly options: { readonly signal: AbortSignal };
}

/** Waits until the machine is as wanted, looking again at each hint of the driver: so the hints are tested as well. */
export async function waitForMachine<K extends MachineState['kind']>(
  driver: Driver,
  vmId: VmId,
  kind: K,
): Promise<Extract<MachineState, { readonly kind: K }>> {
  const controller = new AbortController();
  const isWanted = (machine: MachineState): machine is Extract<MachineState, { readonly kind: K }> =>
    machine.kind === kind;
  // Listening comes before looking, or a change in between would be missed.
  const hints = driver.watch(controller)[Symbol.asyncIterator]();
  let hint = hints.next();
  try {
    for (;;) {
      const { machine } = await driver.inspect(vmId, controller);
      if (isWanted(machine)) return machine;
      if ((await hint).done === true) throw new Error(`the watch ended while the machine was ${machine.kind}`);
      hint = hints.next();
    }
  } finally {
    controller.abort();
    await hint;
  }
}
