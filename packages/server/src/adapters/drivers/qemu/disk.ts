import { chown, copyFile, mkdir, rename, rm } from 'node:fs/promises';
import { relative } from 'node:path';
import { VolaryError } from '../../../domain/errors.ts';
import type { DiskSpec, SavedRef } from '../../../ports/driver.ts';
import type { FaultPoint } from '../../../ports/fault-point.ts';
import type { Abortable } from '../../../ports/guest-link.ts';
import { synchronise } from '../../shared/synchronise.ts';
import type { Identity } from '../../shared/vm-identity.ts';
import { type DiskContents, digestsOf, findContents, keepContents, volumeContents } from './disk-contents.ts';
import { writeDiskOrigin } from './disk-origin.ts';
import { diskFull, isNoSpace } from './errors.ts';
import { makeExtraDisks } from './extra-disks.ts';
import type { KeptImages } from './kept-images.ts';
import { makeLinkKey } from './link-key.ts';
import { makeOverlay } from './overlay.ts';
import type { QemuProgram } from './qemu-program.ts';
import { copySparse } from './saved/copy-sparse.ts';
import { type SavedMachine, savedIdOf } from './saved/saved-machine.ts';
import type { VmDirectory } from './vm-directory.ts';
import { volumesOfDisks } from './volumes/volume-files.ts';

const GIB = 1024 ** 3;

export interface DiskContext extends Abortable {
  readonly faultPoint?: FaultPoint | undefined;
  readonly program: QemuProgram;
  readonly identity: Identity | null;
  readonly images: KeptImages;
  /** What the disk is a copy of; null: it is new. */
  readonly saved: SavedMachine | null;
  readonly from?: SavedRef | undefined;
}

/**
 * Makes the VM's directory with its link key and its disk: a thin overlay on the image's root, as it is kept in the data
 * directory. The disk gets its name when it is complete, so half-made ones are never seen; what an interrupted call left is
 * made anew. Throws `invalid_argument` driver.disk_too_small, `resource_exhausted` driver.disk_full,
 * `unavailable` driver.disk_failed or driver.image_gone.
 */
export async function makeDisk(
  directory: VmDirectory,
  { spec, image, contents }: Pick<DiskSpec, 'spec' | 'image'> & { readonly contents: DiskContents },
  context: DiskContext,
): Promise<void> {
  if (spec.diskGib * GIB < image.rootBytes) throw tooSmall(image.rootBytes);
  try {
    await mkdir(directory.runPath, { recursive: true, mode: 0o700 });
    const linkKeyPath = context.saved?.linkKeyPath ?? null;
    if (linkKeyPath === null) await makeLinkKey(directory);
    else await copyFile(linkKeyPath, directory.linkKeyPath);
    await rm(directory.newDiskPath, { force: true });
    // Before the disk has its name: a disk that is there always knows what it was made from.
    const all = new Map([...contents, ...(await volumeContents(directory, spec.disks, context.images))]);
    // A volume may stand on what the root does, which is kept already.
    const others = new Map([...all].filter(([, { digest }]) => digest !== image.digest));
    const volumes = volumesOfDisks(spec.disks);
    const origin = { imageDigest: image.digest, contents: digestsOf(all), volumes };
    const kept = await context.images.keep(image, context, () =>
      keepContents(others, context.images, context, () =>
        writeDiskOrigin(directory, origin, context.from && savedIdOf(context.from)),
      ),
    );
    // Relative to the overlay, so that a data directory can be moved. QEMU itself is handed the file, and never looks there.
    const backing = relative(directory.runPath, kept.rootPath);
    await makeExtraDisks(directory, spec.disks, {
      ...context,
      contents: await findContents(origin.contents, context.images),
    });
    if (context.saved === null)
      await makeOverlay(directory.newDiskPath, { ...context, backing, sizeGib: spec.diskGib });
    else await copySparse(context.saved.diskPath, directory.newDiskPath, context);
    if (context.identity !== null) {
      await chown(directory.newDiskPath, context.identity.uid, context.identity.gid);
      await chown(directory.runPath, context.identity.uid, context.identity.gid);
    }
    await synchronise(directory.newDiskPath);
    context.faultPoint?.('qemu.disk-made');
    await rename(directory.newDiskPath, directory.diskPath);
    await synchronise(directory.runPath);
  } catch (error) {
    await rm(directory.newDiskPath, { force: true });
    throw isNoSpace(error) ? diskFull(error) : error;
  }
}

function tooSmall(rootBytes: number): VolaryError {
  const minimum = Math.ceil(rootBytes / GIB);
  return new VolaryError(
    'invalid_argument',
    `disk_gib must be at least ${minimum}: the image's root disk is that large.`,
    {
      reason: 'driver.disk_too_small',
      details: { field: 'disk_gib', minimum },
    },
  );
}
