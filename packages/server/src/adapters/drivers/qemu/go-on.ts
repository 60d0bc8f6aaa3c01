/** What is left to do for a machine whose VMM is there already, halted: it was restored, or made ahead of its VM. */
import { uuidOf } from '../../../domain/ids.ts';
import type { MachineSpec } from '../../../ports/driver.ts';
import { givePacks } from './attachments/begin-with-packs.ts';
import { noteDiskInUse } from './disk-origin.ts';
import { type LaunchRecord, type Restore, writeRecord } from './launch-record.ts';
import { NIC_ID, settingsToTell } from './network.ts';
import { setRestoredGoing } from './saved/set-restored-going.ts';
import type { StartContext, StartSpec } from './start-context.ts';

const GIB = 1024 ** 3;

/** How far a machine has come that is to be restored: its guest has yet to be told who it is. */
export function restoreOf({ vmId, name, spec, network: place }: MachineSpec): Restore {
  const network = settingsToTell(spec.network.mode, uuidOf(vmId), place);
  return { isGoing: false, isIdentified: false, hostname: name, network };
}

/**
 * A former server was interrupted between the machine's start and its going, or it was made ahead and its VM is there
 * now.
 */
export async function goOnIfHeld(machine: StartSpec, record: LaunchRecord, context: StartContext): Promise<void> {
  if (record.isSpare === true && machine.isSpare !== true) await giveAway(machine, record, context);
  else if (record.restore?.isGoing === false) await goOn(machine, record, context);
}

/** Has a machine that was restored take up its state and go, and writes that down. */
export async function goOn(
  machine: StartSpec,
  record: LaunchRecord,
  { machines, signal }: StartContext,
): Promise<LaunchRecord> {
  const { vmId, spec } = machine;
  const client = await machines.monitor(vmId, record).client();
  await noteDiskInUse(machines.directory(vmId));
  const hasNetwork = record.argv.some((argument) => argument.includes(`id=${NIC_ID}`));
  await setRestoredGoing(client, { hasNetwork, diskBytes: spec.diskGib * GIB, signal });
  const going = { ...record, isSpare: machine.isSpare === true, restore: { ...restoreOf(machine), isGoing: true } };
  await writeRecord(machines.directory(vmId).recordPath, going);
  return going;
}

/**
 * Gives a machine that was made ahead to its VM. It has had its address and its disk's size from the start, since
 * both follow from the VM's id and kind: what is left is its name, its clock and its entropy, which it is told with
 * the first link.
 */
async function giveAway({ vmId, name, packs }: StartSpec, record: LaunchRecord, context: StartContext): Promise<void> {
  const { machines, packFiles } = context;
  const directory = machines.directory(vmId);
  const client = await machines.monitor(vmId, record).client();
  const attachments = await givePacks(client, record, packs, { directory, packFiles });
  context.faultPoint?.('qemu.packs-attached');
  await client.execute('cont', null);
  const restore = { isGoing: true, isIdentified: false, hostname: name, network: {} };
  await writeRecord(directory.recordPath, { ...record, isSpare: false, restore, attachments });
}
