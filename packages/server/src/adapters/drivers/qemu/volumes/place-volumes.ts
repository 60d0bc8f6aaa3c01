import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ExtraDisk } from '../../../../domain/vm/extra-disk.ts';
import type { Abortable } from '../../../../ports/guest-link.ts';
import { namesIn } from '../../../shared/in-place.ts';
import { identityOf } from '../../../shared/vm-identity.ts';
import { digestsOf, keepContents, volumeContents } from '../disk-contents.ts';
import { readDiskOrigin, replaceVolumes } from '../disk-origin.ts';
import { extraDiskFile, isExtraDiskFile } from '../extra-disks.ts';
import type { KeptImages } from '../kept-images.ts';
import { readRecord } from '../launch-record.ts';
import type { Machines } from '../machines.ts';
import type { QemuProgram } from '../qemu-program.ts';
import type { VmDirectory } from '../vm-directory.ts';
import { growFile } from './grow-volume.ts';
import { linkVolume, volumePath, volumesBeside, volumesOfDisks } from './volume-files.ts';

interface PlaceContext extends Abortable {
  readonly machines: Machines;
  readonly images: KeptImages;
  readonly program: QemuProgram;
}

/**
 * Has a VM without a machine have these volumes and no others: it may have been given some, and others taken from it, since it had one. What they stand on is
 * written down before they are there, and one that is taken loses its name here after that, so that this can be interrupted anywhere and done
 * again. The caller holds the VM's lock. Throws `data_loss` driver.disk_damaged, image.lost, and as `growFile`.
 */
export async function placeVolumes(
  vmId: Parameters<Machines['directory']>[0],
  disks: readonly ExtraDisk[],
  { machines, images, program, signal }: PlaceContext,
): Promise<void> {
  const directory = machines.directory(vmId);
  const origin = await readDiskOrigin(directory);
  const volumes = volumesOfDisks(disks);
  const had = origin?.volumes;
  if (origin === null || (await readRecord(directory.recordPath)).kind !== 'none') return;
  if (had === undefined && volumes === undefined) return await dropOthers(directory, disks);
  const stands = await volumeContents(directory, disks, images);
  const own = Object.entries(origin.contents ?? {}).filter(([name]) => had?.[name] === undefined);
  const contents = { ...Object.fromEntries(own), ...digestsOf(stands) };
  // A volume may stand on what the root does, which is kept already.
  const others = new Map([...stands].filter(([, { digest }]) => digest !== origin.imageDigest));
  await keepContents(others, images, { signal }, () => replaceVolumes(directory, { ...origin, contents, volumes }));
  await dropOthers(directory, disks);
  const identity = identityOf(vmId, []);
  for (const { name, sizeGib, isReadonly, volume: id } of disks) {
    if (id === null) continue;
    const file = extraDiskFile(name);
    if (sizeGib !== null && !isReadonly)
      await growFile(volumePath(volumesBeside(directory), id), sizeGib, { program, signal });
    await linkVolume(directory, { id, isReadonly }, { file, identity });
  }
  const dropped = Object.values(origin.contents ?? {}).filter((digest) => !Object.values(contents).includes(digest));
  for (const digest of new Set(dropped)) await images.removeUnused(digest);
}

/** Removes the files of disks that the VM does not have: names of volumes that were taken from it, also by somebody who was interrupted over that. */
async function dropOthers({ runPath }: VmDirectory, disks: readonly ExtraDisk[]): Promise<void> {
  const wanted = new Set(disks.map(({ name }) => extraDiskFile(name)));
  for (const name of await namesIn(runPath))
    if (isExtraDiskFile(name) && !wanted.has(name)) await rm(join(runPath, name), { force: true });
}
