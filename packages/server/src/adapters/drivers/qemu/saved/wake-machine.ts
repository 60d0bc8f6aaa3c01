/**
 * Waking: a VMM takes up what was saved, halted still; what was saved is given up; the machine goes.
 *
 *   suspended --start a VMM--> loaded --give it up--> halted --set going--> running
 *       ^                         |
 *       '--------fails------------'
 *
 * From the moment it goes, it writes to its disk, and what was saved is worth nothing: so that goes first, in one removal. A VMM
 * keeps the memory's file open.
 */
import { join } from 'node:path';
import { toVolaryError, VolaryError } from '../../../../domain/errors.ts';
import type { VmId } from '../../../../domain/ids.ts';
import type { DriverHandle } from '../../../../domain/vm/vm.ts';
import type { MachineSpec } from '../../../../ports/driver.ts';
import { clearLife, endVmm } from '../end-machine.ts';
import { machinePresent, noMachine, suspendedDamaged, suspendedDoesNotFit } from '../errors.ts';
import { extraDiskPaths } from '../extra-disks.ts';
import { handleOf, inspectVm } from '../inspect.ts';
import { type LaunchRecord, writeRecord } from '../launch-record.ts';
import type { Machines } from '../machines.ts';
import { findRecord } from '../present-machine.ts';
import { setGoing } from '../processors.ts';
import type { StartContext } from '../start-context.ts';
import { launchRestored } from '../start-machine.ts';
import type { SavedMachine } from './saved-machine.ts';
import { untilLoaded } from './set-restored-going.ts';
import { forgetSuspended, type Suspended } from './suspend-machine.ts';
import { checkSuspendedDisks } from './suspended-disk.ts';

interface WakeContext extends StartContext {
  readonly suspended: Suspended;
}

/** Wakes the machine unless it is awake; the caller holds the VM's lock. Throws as `Driver.wakeMachine` says. */
export async function wakeMachine(machine: MachineSpec, context: WakeContext): Promise<DriverHandle> {
  const { vmId, incarnation } = machine;
  const { machines, signal } = context;
  const { machine: present } = await inspectVm(machines, vmId, { signal });
  if (present.kind === 'unreadable') throw await whyUnreadable(machines, vmId);
  if (present.kind === 'absent' || present.kind === 'ended') throw noMachine();
  if (present.incarnation !== incarnation || present.kind === 'unresponsive')
    throw machinePresent({ state: present.kind, incarnation: present.incarnation, wanted: incarnation });
  const record = present.kind === 'suspended' ? await load(machine, context) : await findRecord(machines, vmId);
  if (record === null) throw noMachine();
  return handleOf(await goOn(machine, record, context));
}

/** What is wrong with what was saved, which `inspect` tells as a state. */
async function whyUnreadable(machines: Machines, vmId: VmId): Promise<VolaryError> {
  try {
    await machines.suspendedLife(vmId);
  } catch (error) {
    return toVolaryError(error);
  }
  return new VolaryError('unavailable', 'What was saved of the suspended machine could not be read just now.', {
    reason: 'host.file_unreadable',
  });
}

/** A VMM that has taken up what was saved. When it fails, there is none, and what was saved is as it was. */
async function load(machine: MachineSpec, context: WakeContext): Promise<LaunchRecord> {
  const { vmId } = machine;
  const { machines, faultPoint, signal } = context;
  const saved = await openSuspended(machine, context);
  const record = await launchRestored(machine, saved, context).catch((error: unknown) => {
    const isOther = error instanceof VolaryError && error.reason === 'snapshot.does_not_fit';
    throw isOther ? suspendedDoesNotFit() : error;
  });
  try {
    await untilLoaded(await machines.monitor(vmId, record).client(), signal);
  } catch (error) {
    await endVmm(machines, vmId, record, { signal: new AbortController().signal });
    await clearLife(machines, vmId);
    throw error;
  }
  faultPoint?.('qemu.wake-loaded');
  return record;
}

async function openSuspended({ vmId, spec }: MachineSpec, { machines, suspended }: WakeContext): Promise<SavedMachine> {
  const saved = await suspended.store.open(vmId).catch((error: unknown) => {
    throw error instanceof VolaryError && error.code === 'data_loss' ? suspendedDamaged(error) : error;
  });
  const { diskPath, runPath } = machines.directory(vmId);
  const disks = [diskPath, ...extraDiskPaths(runPath, spec.disks)];
  await checkSuspendedDisks(disks, join(suspended.path, vmId));
  return saved;
}

/** Sets a machine going whose VMM has what it goes on from, whether it goes already or not, and writes that down. */
async function goOn(
  { vmId }: MachineSpec,
  record: LaunchRecord,
  { machines, suspended, faultPoint, signal }: WakeContext,
): Promise<LaunchRecord> {
  const client = await machines.monitor(vmId, record).client();
  await untilLoaded(client, signal);
  await forgetSuspended(vmId, suspended);
  faultPoint?.('qemu.wake-consumed');
  await setGoing(client);
  if (record.restore == null || record.restore.isGoing) return record;
  const going = { ...record, restore: { ...record.restore, isGoing: true } };
  await writeRecord(machines.directory(vmId).recordPath, going);
  return going;
}
