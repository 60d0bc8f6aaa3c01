import type { VmId } from '../../../../domain/ids.ts';
import type { Abortable } from '../../../../ports/guest-link.ts';
import { noMachine } from '../errors.ts';
import { sizeOf } from '../growth.ts';
import type { Machines } from '../machines.ts';
import { findRecord, requireMachine } from '../present-machine.ts';
import { findVmm } from '../vmm-process.ts';
import { captureMachine } from './capture.ts';
import type { SavedFacts } from './saved-machine.ts';

/** Saves the VM's machine into an empty directory; the caller holds the VM's lock. Throws as `captureMachine`, and `failed_precondition` driver.no_machine. */
export async function saveMachine(
  machines: Machines,
  vmId: VmId,
  { imageToolPath, out, signal }: Abortable & { readonly imageToolPath: string; readonly out: string },
): Promise<SavedFacts> {
  const client = await requireMachine(machines, vmId);
  const record = await findRecord(machines, vmId);
  const directory = machines.directory(vmId);
  const pid = record === null ? undefined : findVmm(record, directory)?.pid;
  if (record === null || pid === undefined) throw noMachine();
  return await captureMachine({
    ...{ client, directory, record, pid, imageToolPath, out, signal, isPrepared: false },
    whileHalted: (work) => machines.whileHalted(vmId, work),
    ...sizeOf(record.argv),
  });
}
