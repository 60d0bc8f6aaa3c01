/**
 * Suspending: the machine is halted and stays so, its memory and devices are saved, its VMM ends. The disk stays where it is, as the
 * VMM leaves it.
 *
 *   running --halt--> halted --save--> halted, and saved --end the VMM--> suspended
 *      ^                 |
 *      '-----fails-------'
 *
 * What is saved counts once there is no VMM; whoever sets a halted machine going gives it up before. So there is one truth at each moment,
 * and a server that is killed leaves one of these four.
 */
import { join } from 'node:path';
import type { VmId } from '../../../../domain/ids.ts';
import type { FaultPoint } from '../../../../ports/fault-point.ts';
import type { Abortable } from '../../../../ports/guest-link.ts';
import { synchronise } from '../../../shared/synchronise.ts';
import { clearLife, endVmm } from '../end-machine.ts';
import { noMachine } from '../errors.ts';
import { extraDiskFilesOf } from '../extra-disks.ts';
import { sizeOf } from '../growth.ts';
import type { LaunchRecord } from '../launch-record.ts';
import type { Machines } from '../machines.ts';
import { findRecord, requireMachine } from '../present-machine.ts';
import { halt, setGoing } from '../processors.ts';
import { findVmm } from '../vmm-process.ts';
import { captureMachine } from './capture.ts';
import type { SavedStore } from './saved-store.ts';
import { noteSuspendedDisks } from './suspended-disk.ts';

/** Where suspended machines are kept, each under the id of its VM. */
export interface Suspended {
  readonly path: string;
  readonly store: SavedStore;
}

interface SuspendContext extends Abortable {
  readonly machines: Machines;
  readonly suspended: Suspended;
  readonly imageToolPath: string;
  readonly faultPoint?: FaultPoint | undefined;
}

/** Suspends the machine unless it is; the caller holds the VM's lock. Throws as `Driver.suspendMachine` says. */
export async function suspendMachine(vmId: VmId, context: SuspendContext): Promise<void> {
  const { machines, suspended, faultPoint, signal } = context;
  const record = await findRecord(machines, vmId);
  if (record === null && (await machines.suspendedLife(vmId)) === null) throw noMachine();
  if (record !== null) {
    // One that is woken and does not go yet has what it goes on from still beside it.
    const isUnbegun = record.restore?.isGoing === false && (await machines.suspendedLife(vmId)) !== null;
    if (!isUnbegun) await machines.whileHalted(vmId, () => saveHalted(vmId, record, context));
    faultPoint?.('qemu.suspend-saved');
    await endVmm(machines, vmId, record, { signal });
    const { diskPath, runPath } = machines.directory(vmId);
    const disks = [diskPath, ...extraDiskFilesOf(record.argv).map((file) => join(runPath, file))];
    await noteSuspendedDisks(disks, join(suspended.path, vmId));
  }
  await clearLife(machines, vmId);
}

/** Saves the machine and leaves it halted; when that fails, it goes on as it was. */
async function saveHalted(
  vmId: VmId,
  record: LaunchRecord,
  { machines, suspended, imageToolPath, signal }: SuspendContext,
): Promise<void> {
  const client = await requireMachine(machines, vmId);
  const directory = machines.directory(vmId);
  const pid = findVmm(record, directory)?.pid;
  if (pid === undefined) throw noMachine();
  const { status } = await client.execute('query-status', null);
  await forgetSuspended(vmId, suspended);
  await halt(client);
  try {
    await suspended.store.keep(vmId, (out) =>
      captureMachine({
        ...{ client, directory, record, pid, imageToolPath, out, signal, isPrepared: false },
        suspendedLife: record.incarnation,
        ...sizeOf(record.argv),
      }),
    );
  } catch (error) {
    try {
      await forgetSuspended(vmId, suspended);
    } finally {
      if (status === 'running') await setGoing(client);
    }
    throw error;
  }
}

/** Gives up what the machine was suspended to, and returns when not even a loss of power can bring that back. */
export async function forgetSuspended(vmId: VmId, { path, store }: Suspended): Promise<void> {
  if ((await store.remove(vmId)) !== null) await synchronise(path);
}
