/**
 * Packs of a machine that has not to boot: they are on its disk before its processors go, when QEMU answers at once and nobody waits for its
 * guest. That one is sent word of them as soon as there is a link, before anybody else has it, and its answer is waited for by nobody: what is asked
 * of the guest after that waits in the guest.
 */
import type { VmId } from '../../../../domain/ids.ts';
import type { GuestLink } from '../../../../ports/guest-link.ts';
import type { Log } from '../../../../ports/log.ts';
import type { Pack } from '../../../../ports/machine-packs.ts';
import { type LaunchRecord, readRecord, writeRecord } from '../launch-record.ts';
import type { Machines } from '../machines.ts';
import type { QmpClient } from '../qmp/qmp-client.ts';
import type { VmDirectory } from '../vm-directory.ts';
import { type Attachments, NO_ATTACHMENTS } from './attachments.ts';
import { contentKeyOf, hasPackDisk, PACK_DISK_SERIAL } from './pack-disk.ts';
import { furnishPacks, type PackFiles } from './pack-files.ts';
import { placed, placePacks, putFirstOnDisk, putOnDisk } from './place-packs.ts';

/** What a machine that has these is to be given besides; the VM keeps the files from then on. Throws as `MachinePacks.attach`. */
export async function withPacks<Present extends Attachments | null>(
  present: Present,
  packs: readonly Pack[] = [],
  { packsPath }: VmDirectory,
  packFiles: PackFiles,
): Promise<Present | Attachments> {
  // Without a disk for them it is as it was saved; who asks afterwards is told why.
  if (packs.length === 0 || present === null) return present;
  const added = packs.filter(({ digest }) => present.packs.every((pack) => pack.digest !== digest));
  const all = await placePacks(added, present.packs, { keptPath: packsPath, packFiles });
  return { ...present, packs: all, isGuestTold: false };
}

/** Puts them on the disk of a machine that is halted, and answers what it has then; to be written down. Repeating it is safe. Throws likewise. */
export async function givePacks(
  client: QmpClient,
  { attachments, argv }: LaunchRecord,
  packs: readonly Pack[] = [],
  { directory, packFiles }: { readonly directory: VmDirectory; readonly packFiles: PackFiles },
): Promise<Attachments | undefined> {
  if (packs.length === 0 || !hasPackDisk(argv)) return attachments;
  const given = await withPacks(attachments ?? NO_ATTACHMENTS, packs, directory, packFiles);
  const key = `${contentKeyOf(given.packs)}`;
  await furnishPacks(given.packs, { keptPath: directory.packsPath, runPath: directory.runPath, key });
  await (attachments === undefined || attachments.packs.length === 0 ? putFirstOnDisk : putOnDisk)(client, key);
  return given;
}

/** Sends the guest word of its packs, and has it written down when it has answered. A link that breaks meanwhile is followed by one that does it again. */
export function tellOfPacks(
  machines: Machines,
  vmId: VmId,
  { record, link, log }: { readonly record: LaunchRecord; readonly link: GuestLink; readonly log: Log },
): void {
  const packs = (record.attachments ?? NO_ATTACHMENTS).packs.map(placed);
  link
    .setTools(PACK_DISK_SERIAL, packs, { signal: new AbortController().signal })
    .then(() => noteTold(machines, vmId, record))
    .catch((error: unknown) => log.info('the guest has not confirmed its tools', { vmId, error }));
}

async function noteTold(machines: Machines, vmId: VmId, { incarnation }: LaunchRecord): Promise<void> {
  await machines.lock.run(vmId, async () => {
    const path = machines.directory(vmId).recordPath;
    const stored = await readRecord(path);
    if (stored.kind !== 'valid' || stored.record.incarnation !== incarnation) return;
    const { attachments } = stored.record;
    if (attachments?.isGuestTold === false)
      await writeRecord(path, { ...stored.record, attachments: { ...attachments, isGuestTold: true } });
  });
}
