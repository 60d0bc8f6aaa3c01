import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { VolaryError } from '../../../../domain/errors.ts';
import type { VmId } from '../../../../domain/ids.ts';
import type { FaultPoint } from '../../../../ports/fault-point.ts';
import type { AttachedPack, MachinePacks, Pack } from '../../../../ports/machine-packs.ts';
import { namesIn } from '../../../shared/in-place.ts';
import { noMachine } from '../errors.ts';
import { type LaunchRecord, writeRecord } from '../launch-record.ts';
import type { Machines } from '../machines.ts';
import { findRecord, requireMachine } from '../present-machine.ts';
import type { SlottedPack } from './attached-packs.ts';
import { type Attachments, NO_ATTACHMENTS } from './attachments.ts';
import { contentKeyOf, hasPackDisk, PACK_DISK_SERIAL } from './pack-disk.ts';
import { furnishPacks, type PackFiles } from './pack-files.ts';
import { placed, placePacks, putOnDisk } from './place-packs.ts';

export interface PacksContext {
  readonly machines: Machines;
  readonly packFiles: PackFiles;
  readonly faultPoint?: FaultPoint | undefined;
}

/** Packs of QEMU's machines: their files are linked into the VMM's directory, and its disk is given another content. */
export function createMachinePacks(context: PacksContext): MachinePacks {
  const { machines } = context;
  return {
    diskSerial: PACK_DISK_SERIAL,
    attach: (vmId, packs, { tell }) => machines.lock.run(vmId, () => attach(vmId, packs, tell, context)),
    kept: (vmId) => namesIn(machines.directory(vmId).packsPath),
    attached: async (vmId) => (await attachmentsOf(vmId, machines)).packs.map(placed),
  };
}

async function attachmentsOf(vmId: VmId, machines: Machines): Promise<Attachments> {
  return (await findRecord(machines, vmId))?.attachments ?? NO_ATTACHMENTS;
}

async function attach(
  vmId: VmId,
  wanted: readonly Pack[],
  tell: (packs: readonly AttachedPack[]) => Promise<void>,
  context: PacksContext,
): Promise<void> {
  const { machines, faultPoint } = context;
  const client = await requireMachine(machines, vmId);
  const record = await findRecord(machines, vmId);
  if (record === null) throw noMachine();
  const attachments = record.attachments ?? NO_ATTACHMENTS;
  const added = wanted.filter(({ digest }) => attachments.packs.every((pack) => pack.digest !== digest));
  if (added.length === 0) return;
  if (!hasPackDisk(record.argv)) throw noPackDisk();
  const directory = machines.directory(vmId);
  const where = { keptPath: directory.packsPath, packFiles: context.packFiles };
  const packs = await placePacks(added, attachments.packs, where);
  await tell(packs.map(placed));
  const key = `${contentKeyOf(packs)}`;
  await furnishPacks(packs, { keptPath: directory.packsPath, runPath: directory.runPath, key });
  await putOnDisk(client, key);
  faultPoint?.('qemu.packs-attached');
  await note(record, { ...attachments, packs, isGuestTold: true }, directory.recordPath);
  await forgetOthers(directory.packsPath, packs);
}

async function note(record: LaunchRecord, attachments: Attachments, path: string): Promise<void> {
  await writeRecord(path, { ...record, attachments });
}

/** What the VM has kept for an earlier life, and this one does not have. */
async function forgetOthers(keptPath: string, packs: readonly SlottedPack[]): Promise<void> {
  for (const name of await namesIn(keptPath))
    if (packs.every(({ digest }) => digest !== name)) await rm(join(keptPath, name), { force: true });
}

function noPackDisk(): VolaryError {
  return new VolaryError(
    'failed_precondition',
    'The machine of this VM was started by an earlier version, and cannot be given tools. Restart the VM.',
    { reason: 'driver.no_pack_disk' },
  );
}
