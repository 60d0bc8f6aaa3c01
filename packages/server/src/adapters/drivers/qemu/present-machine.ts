import type { VmId } from '../../../domain/ids.ts';
import { noMachine } from './errors.ts';
import { type LaunchRecord, readRecord } from './launch-record.ts';
import type { Machines } from './machines.ts';
import type { QmpClient } from './qmp/qmp-client.ts';
import { findVmm } from './vmm-process.ts';

/** States in which QEMU's machine is over, though QEMU is there. */
const OVER: readonly string[] = ['shutdown', 'guest-panicked', 'internal-error'];

/** The record of the VMM that lives, or null. */
export async function findRecord(machines: Machines, vmId: VmId): Promise<LaunchRecord | null> {
  const directory = machines.directory(vmId);
  const stored = await readRecord(directory.recordPath);
  return stored.kind === 'valid' && findVmm(stored.record, directory) !== null ? stored.record : null;
}

/** The monitor of a machine that runs or is halted. Throws `failed_precondition` driver.no_machine, `unavailable` driver.qmp_*. */
export async function requireMachine(machines: Machines, vmId: VmId): Promise<QmpClient> {
  const record = await findRecord(machines, vmId);
  if (record === null) throw noMachine();
  const client = await machines.monitor(vmId, record).client();
  const { status } = await client.execute('query-status', null);
  if (OVER.includes(status)) throw noMachine();
  return client;
}
