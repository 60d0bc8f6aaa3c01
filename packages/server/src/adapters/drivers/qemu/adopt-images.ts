/**
 * Disks that were made before their images were kept in the data directory stand on the cache: their overlay names a root
 * disk in it, `<cache>/images/<name>-<digest>/root.raw`, beside which lie its kernel, initramfs and manifest. When the
 * server starts, what such a disk needs is kept as if it were made today.
 */
import { constants } from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Image } from '../../../domain/image/image.ts';
import { integer, record, text } from '../../../lib/shape.ts';
import type { Log } from '../../../ports/log.ts';
import { removeParts } from '../../shared/in-place.ts';
import { readDiskOrigin, writeDiskOrigin } from './disk-origin.ts';
import { hasDisk } from './inspect-disk.ts';
import { createKeptImages } from './kept-images.ts';
import { snapshotsPath, suspendedPath } from './saved/saved-machine.ts';
import { listVmIds, type VmDirectory, vmDirectory } from './vm-directory.ts';
import { volumesPath } from './volumes/volume-files.ts';

/** What is read of an image's manifest in the cache. */
const MANIFEST = record({
  name: text,
  digest: text,
  kernelVersion: text,
  builtAt: integer(0),
  files: record({ root: record({ sizeBytes: integer(1) }) }),
});

/** Of a qcow2: magic and version, then where the name of the backing file is, and how long. */
const HEADER_BYTES = 20;
const MAGIC = 0x5146_49fb;
const PATH_BYTES = 1023;

export interface AdoptionDeps {
  /** Absolute. */
  readonly dataDir: string;
  readonly cacheDir: string;
  readonly log: Log;
}

/**
 * Keeps what disks of before need of the cache, then removes what no disk needs any more, and saved machines that were never completed. To be called when a server
 * starts, before there is a driver. It never fails: a disk that cannot be helped says so when it is started.
 */
export async function adoptImages({ dataDir, cacheDir, log }: AdoptionDeps): Promise<void> {
  const images = createKeptImages(dataDir);
  const options = { signal: new AbortController().signal };
  for (const vmId of await listVmIds(dataDir)) {
    const directory = vmDirectory(dataDir, vmId);
    try {
      const image = await findImageInCache(directory, join(cacheDir, 'images'));
      if (image === null) continue;
      await images.keep(image, options, () =>
        writeDiskOrigin(directory, { imageDigest: image.digest, contents: undefined }),
      );
      log.info('the image of a disk is kept with it from now on', { vmId, digest: image.digest });
    } catch (error) {
      log.warn('what a disk needs of its image could not be kept', { vmId, error });
    }
  }
  try {
    await removeParts(snapshotsPath(dataDir));
    await removeParts(suspendedPath(dataDir));
    await removeParts(volumesPath(dataDir));
    await images.sweep();
  } catch (error) {
    log.warn('images that no disk needs could not be removed', { error });
  }
}

/** The image that the disk of a VM stands on in the cache; null for every other disk. */
async function findImageInCache(directory: VmDirectory, imagesPath: string): Promise<Image | null> {
  if (!(await hasDisk(directory)) || (await readDiskOrigin(directory)) !== null) return null;
  const rootPath = await readBackingPath(directory.diskPath);
  // The disk is the VMM's, so that what it names is taken from one place only.
  if (rootPath === null || basename(rootPath) !== 'root.raw' || dirname(dirname(rootPath)) !== imagesPath) return null;
  const path = dirname(rootPath);
  const manifest: unknown = JSON.parse(await readFile(join(path, 'manifest.json'), 'utf8'));
  if (!MANIFEST(manifest)) return null;
  const { name, digest, kernelVersion, builtAt, files } = manifest;
  return {
    ...{ name, digest, kernelVersion, builtAt, rootPath, rootBytes: files.root.sizeBytes, sizeBytes: 0 },
    ...{ boot: 'direct', kernelPath: join(path, 'kernel'), initramfsPath: join(path, 'initramfs') },
  };
}

/** The name of its backing file that the header of a qcow2 holds, or null. */
async function readBackingPath(diskPath: string): Promise<string | null> {
  await using file = await open(diskPath, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  const header = Buffer.alloc(HEADER_BYTES);
  await file.read(header, 0, HEADER_BYTES, 0);
  const [offset, length] = [Number(header.readBigUInt64BE(8)), header.readUInt32BE(16)];
  if (header.readUInt32BE(0) !== MAGIC || offset === 0 || length === 0 || length > PATH_BYTES) return null;
  const path = Buffer.alloc(length);
  const { bytesRead } = await file.read(path, 0, length, offset);
  return path.toString('utf8', 0, bytesRead);
}
