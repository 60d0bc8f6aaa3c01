/**
 * What the disks of one data directory need of their images, kept in that directory:
 *
 *   images/<digest>/   kernel, initramfs, root.raw, image.json: links to the files of the cache, or copies of them; no kernel and
 *                      initramfs of an image that starts by firmware, or that disks besides a root begin with
 *
 * So the cache is one: whoever empties it, or shares it and removes an image from it, takes nothing from a disk. An image
 * appears by a rename, complete or not at all. Nobody counts its users: those are the disks that name it, also the saved
 * ones, looked at when one is removed and when the server starts.
 */
import { mkdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FIRMWARES } from '../../../domain/image/definition.ts';
import type { AnyImage, ContentImage, Image } from '../../../domain/image/image.ts';
import { either, integer, type Of, oneOf, record, text } from '../../../lib/shape.ts';
import type { Abortable } from '../../../ports/guest-link.ts';
import { inPlace, namesIn, removeParts } from '../../shared/in-place.ts';
import { createKeyedLock } from '../../shared/keyed-lock.ts';
import { type Facts, readFacts, unlessAbsent, valueIn } from '../../shared/read-facts.ts';
import { imagesOf, readDiskOrigin } from './disk-origin.ts';
import { imageDamaged } from './errors.ts';
import { hasDisk } from './inspect-disk.ts';
import { linkImageFile } from './link-image-file.ts';
import { readSavedFacts, snapshotsPath } from './saved/saved-machine.ts';
import { listVmIds, vmDirectory } from './vm-directory.ts';
import { readVolumeFacts, volumesPath } from './volumes/volume-files.ts';

const FILES = { kernel: 'kernel', initramfs: 'initramfs', root: 'root.raw', facts: 'image.json' } as const;

const FACTS = record({
  version: oneOf(1),
  name: text,
  digest: text,
  rootBytes: integer(1),
  kernelVersion: text,
  builtAt: integer(0),
});
const FIRMWARE_FACTS = record({
  version: oneOf(2),
  name: text,
  digest: text,
  rootBytes: integer(1),
  firmware: oneOf(...FIRMWARES),
  builtAt: integer(0),
});
const CONTENT_FACTS = record({
  version: oneOf(3),
  name: text,
  digest: text,
  rootBytes: integer(1),
  builtAt: integer(0),
});
const isFacts = either(FACTS, either(FIRMWARE_FACTS, CONTENT_FACTS));

export interface KeptImages {
  /**
   * Keeps the image unless it is kept, and returns it as it lies here. `use` writes down who needs it; until that has
   * been done, nobody takes it for unused. Throws as `linkImageFile`, `unavailable` host.file_unreadable, and `data_loss` image.kept_damaged where
   * nobody can tell what is kept of it, and disks may stand on it.
   */
  keep(image: Image, options: Abortable, use: () => Promise<void>): Promise<Image>;
  /** The same of what disks besides a root begin with. */
  keepContent(image: ContentImage, options: Abortable, use: () => Promise<void>): Promise<ContentImage>;
  /** The same of either; `use` is told where it is kept. */
  keepAny(image: AnyImage, options: Abortable, use: (kept: AnyImage) => Promise<void>): Promise<AnyImage>;
  /** The image with this digest, complete, or null. Throws `unavailable` host.file_unreadable. */
  find(digest: string): Promise<Image | null>;
  /** The root with this digest as what disks besides a root begin with, whether it could be booted or not. */
  findContent(digest: string): Promise<ContentImage | null>;
  /** Removes the image unless a disk names it, or may do so: there is one of which nobody can tell what it names. */
  removeUnused(digest: string): Promise<void>;
  /** Removes all that no disk names, and what was never completed. Nothing else may be under way. */
  sweep(): Promise<void>;
}

/** Images kept in this data directory; one object for each at a time. */
export function createKeptImages(dataDir: string): KeptImages {
  const path = join(dataDir, 'images');
  const lock = createKeyedLock();

  const removeUnused = (digest: string): Promise<void> =>
    lock.run(digest, async () => {
      if (!(await isUsed(dataDir, digest))) await remove(join(path, digest));
    });

  const keep = (image: AnyImage, options: Abortable, use: (kept: AnyImage) => Promise<void>): Promise<AnyImage> =>
    lock.run(image.digest, async () => {
      const directory = join(path, image.digest);
      const present = await read(directory);
      if (present.kind === 'damaged' && (await isUsed(dataDir, image.digest))) throw imageDamaged(directory);
      if (present.kind !== 'valid') await put(path, image, options);
      const kept = valueIn(await read(directory));
      if (kept === null) throw new TypeError('the image is not where it was just put');
      await use(kept);
      return kept;
    });

  return {
    keepAny: keep,
    async keep(image, options, use) {
      const kept = await keep(image, options, use);
      if (kept.boot === 'none') throw new TypeError('the image is not what it was put as');
      return kept;
    },
    async keepContent(image, options, use) {
      return asContent(await keep(image, options, use));
    },
    async find(digest) {
      const found = valueIn(await read(join(path, digest)));
      return found?.boot === 'none' ? null : found;
    },
    async findContent(digest) {
      const found = valueIn(await read(join(path, digest)));
      return found === null ? null : asContent(found);
    },
    removeUnused,
    async sweep() {
      await removeParts(path);
      for (const digest of await namesIn(path)) await removeUnused(digest);
    },
  };
}

/** A volume may be a disk that a VM has booted from. */
function asContent({ name, digest, rootPath, rootBytes, sizeBytes, builtAt }: AnyImage): ContentImage {
  return { name, digest, rootPath, rootBytes, sizeBytes, builtAt, boot: 'none' };
}

async function put(path: string, image: AnyImage, options: Abortable): Promise<void> {
  // The data directory's own mode: a VMM is handed what it needs, and comes here for nothing.
  await mkdir(path, { recursive: true, mode: 0o700 });
  await rm(join(path, image.digest), { recursive: true, force: true });
  await inPlace(
    path,
    async (out) => {
      if (image.boot === 'direct') {
        await linkImageFile(image.kernelPath, join(out, FILES.kernel), options);
        await linkImageFile(image.initramfsPath, join(out, FILES.initramfs), options);
      }
      await linkImageFile(image.rootPath, join(out, FILES.root), options);
      await writeFile(join(out, FILES.facts), `${JSON.stringify(factsOf(image))}\n`, { mode: 0o600 });
      return image.digest;
    },
    { mode: 0o700 },
  );
}

function factsOf(image: AnyImage): Of<typeof isFacts> {
  const { name, digest, rootBytes, builtAt } = image;
  if (image.boot === 'none') return { version: 3, name, digest, rootBytes, builtAt };
  return image.boot === 'direct'
    ? { version: 1, name, digest, rootBytes, kernelVersion: image.kernelVersion, builtAt }
    : { version: 2, name, digest, rootBytes, firmware: image.firmware, builtAt };
}

/** Absent also where a file is gone or has another size: the image is then linked again from what it was kept from. */
async function read(directory: string): Promise<Facts<AnyImage>> {
  const read = await readFacts(join(directory, FILES.facts), isFacts);
  if (read.kind !== 'valid') return read;
  const image = await imageIn(directory, read.value);
  return image === null ? { kind: 'absent' } : { kind: 'valid', value: image };
}

async function imageIn(directory: string, facts: Of<typeof isFacts>): Promise<AnyImage | null> {
  const names = facts.version === 1 ? [FILES.kernel, FILES.initramfs, FILES.root] : [FILES.root];
  const files = await Promise.all(names.map((name) => stat(join(directory, name)).catch(unlessAbsent)));
  if (files.some((file) => !file?.isFile()) || files.at(-1)?.size !== facts.rootBytes) return null;
  const { name, digest, rootBytes, builtAt } = facts;
  const sizeBytes = files.reduce((sum, file) => sum + (file?.blocks ?? 0) * 512, 0);
  const common = { name, digest, rootPath: join(directory, FILES.root), rootBytes, sizeBytes, builtAt };
  if (facts.version === 3) return { ...common, boot: 'none' };
  if (facts.version === 2) return { ...common, boot: 'firmware', firmware: facts.firmware };
  return {
    ...{ ...common, boot: 'direct', kernelVersion: facts.kernelVersion },
    kernelPath: join(directory, FILES.kernel),
    initramfsPath: join(directory, FILES.initramfs),
  };
}

/** Also where there is something of which nobody can tell what it stands on. */
async function isUsed(dataDir: string, digest: string): Promise<boolean> {
  for (const vmId of await listVmIds(dataDir)) {
    const directory = vmDirectory(dataDir, vmId);
    const origin = await readDiskOrigin(directory);
    if (origin === null ? await hasDisk(directory) : imagesOf(origin).includes(digest)) return true;
  }
  for (const name of await namesIn(snapshotsPath(dataDir))) {
    const facts = await readSavedFacts(join(snapshotsPath(dataDir), name));
    if (facts.kind === 'damaged' || (facts.kind === 'valid' && imagesOf(facts.value).includes(digest))) return true;
  }
  for (const id of await namesIn(volumesPath(dataDir))) {
    const facts = await readVolumeFacts(join(volumesPath(dataDir), id));
    // One without facts may be being removed, or have lost them.
    if (facts.kind !== 'valid' || facts.value.baseDigest === digest) return true;
  }
  return false;
}

async function remove(directory: string): Promise<void> {
  // Without its facts it is no image any more, however far the removal comes.
  await rm(join(directory, FILES.facts), { force: true });
  await rm(directory, { recursive: true, force: true });
}
