import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { VolaryError } from '../../../../domain/errors.ts';
import type { VmId } from '../../../../domain/ids.ts';
import type { FaultPoint } from '../../../../ports/fault-point.ts';
import { type AttachedPack, type MachinePacks, MOST_PACKS, type Pack } from '../../../../ports/machine-packs.ts';
import { namesIn } from '../../../shared/in-place.ts';
import { noMachine } from '../errors.ts';
import { type LaunchRecord, writeRecord } from '../launch-record.ts';
import type { Machines } from '../machines.ts';
import { findRecord, requireMachine } from '../present-machine.ts';
import type { QmpClient } from '../qmp/qmp-client.ts';
import type { SlottedPack } from './attached-packs.ts';
import { type Attachments, NO_ATTACHMENTS } from './attachments.ts';
import {
  backingName,
  contentKeyOf,
  hasPackDisk,
  isBacking,
  offsetOf,
  PACK_DISK_SERIAL,
  packNode,
  packsOn,
} from './pack-disk.ts';
import { furnishPacks, keepPack, type PackFiles } from './pack-files.ts';

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
  const packs = [...attachments.packs];
  for (const pack of added) {
    const sizeBytes = await keepPack(pack, directory.packsPath, context.packFiles);
    packs.push({ name: pack.name, version: pack.version, digest: pack.digest, slot: freeSlot(packs), sizeBytes });
  }
  await tell(packs.map(placed));
  const key = `${contentKeyOf(packs)}`;
  await furnishPacks(packs, { keptPath: directory.packsPath, runPath: directory.runPath, key });
  await putOnDisk(client, key);
  faultPoint?.('qemu.packs-attached');
  await note(record, { ...attachments, packs }, directory.recordPath);
  await forgetOthers(directory.packsPath, packs);
}

/** Has the disk read what the descriptor lays out. What was there before is at the same places. */
async function putOnDisk(client: QmpClient, key: string): Promise<void> {
  const nodes = (await client.execute('query-named-block-nodes', { flat: true })).map((node) => node['node-name']);
  // One that a server was killed over may not have come to be used.
  if (!nodes.includes(backingName(key))) await client.execute('blockdev-add', packsOn(key));
  await client.execute('blockdev-reopen', { options: [packNode(backingName(key))] });
  for (const other of nodes.filter((name) => isBacking(name) && name !== backingName(key)))
    await client.execute('blockdev-del', { 'node-name': other });
}

async function note(record: LaunchRecord, attachments: Attachments, path: string): Promise<void> {
  await writeRecord(path, { ...record, attachments });
}

/** What the VM has kept for an earlier life, and this one does not have. */
async function forgetOthers(keptPath: string, packs: readonly SlottedPack[]): Promise<void> {
  for (const name of await namesIn(keptPath))
    if (packs.every(({ digest }) => digest !== name)) await rm(join(keptPath, name), { force: true });
}

function freeSlot(packs: readonly SlottedPack[]): number {
  const slot = Array.from({ length: MOST_PACKS }, (_, at) => at).find((at) => packs.every((pack) => pack.slot !== at));
  if (slot !== undefined) return slot;
  throw new VolaryError('resource_exhausted', `A machine can have ${MOST_PACKS} packs in its life. Restart the VM.`, {
    reason: 'driver.too_many_packs',
    details: { maximum: MOST_PACKS },
  });
}

function placed(pack: SlottedPack): AttachedPack {
  const { name, version, digest, sizeBytes } = pack;
  return { name, version, digest, place: pack.slot + 1, offsetBytes: offsetOf(pack), sizeBytes };
}

function noPackDisk(): VolaryError {
  return new VolaryError(
    'failed_precondition',
    'The machine of this VM was started by an earlier version, and cannot be given tools. Restart the VM.',
    { reason: 'driver.no_pack_disk' },
  );
}
