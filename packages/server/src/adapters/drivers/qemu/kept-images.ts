/**
 * What the disks of one data directory need of their images, kept in that directory:
 *
 *   images/<digest>/   kernel, initramfs, root.raw, image.json: links to the files of the cache, or copies of them; no kernel and
 *                      initramfs of an image that starts by firmware
 *
 * So the cache is one: whoever empties it, or shares it and removes an image from it, takes nothing from a disk. An image
 * appears by a rename, complete or not at all. Nobody counts its users: those are the disks that name it, also the saved
 * ones, looked at when one is removed and when the server starts.
 */
import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FIRMWARES } from '../../../domain/image/definition.ts';
import type { Image } from '../../../domain/image/image.ts';
import { either, integer, type Of, oneOf, record, text } from '../../../lib/shape.ts';
import type { Abortable } from '../../../ports/guest-link.ts';
import { inPlace, namesIn, removeParts } from '../../shared/in-place.ts';
import { createKeyedLock } from '../../shared/keyed-lock.ts';
import { readDiskOrigin } from './disk-origin.ts';
import { hasDisk } from './inspect-disk.ts';
import { linkImageFile } from './link-image-file.ts';
import { readSavedFacts, snapshotsPath } from './saved/saved-machine.ts';
import { listVmIds, vmDirectory } from './vm-directory.ts';

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
const isFacts = either(FACTS, FIRMWARE_FACTS);

export interface KeptImages {
  /**
   * Keeps the image unless it is kept, and returns it as it lies here. `use` writes down who needs it; until that has
   * been done, nobody takes it for unused. Throws as `linkImageFile`.
   */
  keep(image: Image, options: Abortable, use: () => Promise<void>): Promise<Image>;
  /** The image with this digest, complete, or null. */
  find(digest: string): Promise<Image | null>;
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

  return {
    keep: (image, options, use) =>
      lock.run(image.digest, async () => {
        const directory = join(path, image.digest);
        if ((await read(directory)) === null) await put(path, image, options);
        await use();
        const kept = await read(directory);
        if (kept === null) throw new TypeError('the image is not where it was just put');
        return kept;
      }),
    find: (digest) => read(join(path, digest)),
    removeUnused,
    async sweep() {
      await removeParts(path);
      for (const digest of await namesIn(path)) await removeUnused(digest);
    },
  };
}

async function put(path: string, image: Image, options: Abortable): Promise<void> {
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

function factsOf(image: Image): Of<typeof isFacts> {
  const { name, digest, rootBytes, builtAt } = image;
  return image.boot === 'direct'
    ? { version: 1, name, digest, rootBytes, kernelVersion: image.kernelVersion, builtAt }
    : { version: 2, name, digest, rootBytes, firmware: image.firmware, builtAt };
}

async function read(directory: string): Promise<Image | null> {
  const facts = await readFacts(join(directory, FILES.facts));
  if (facts === null) return null;
  const names = facts.version === 1 ? [FILES.kernel, FILES.initramfs, FILES.root] : [FILES.root];
  const files = await Promise.all(names.map((name) => stat(join(directory, name)).catch(() => null)));
  if (files.some((file) => !file?.isFile()) || files.at(-1)?.size !== facts.rootBytes) return null;
  const { name, digest, rootBytes, builtAt } = facts;
  const sizeBytes = files.reduce((sum, file) => sum + (file?.blocks ?? 0) * 512, 0);
  const common = { name, digest, rootPath: join(directory, FILES.root), rootBytes, sizeBytes, builtAt };
  if (facts.version === 2) return { ...common, boot: 'firmware', firmware: facts.firmware };
  return {
    ...{ ...common, boot: 'direct', kernelVersion: facts.kernelVersion },
    kernelPath: join(directory, FILES.kernel),
    initramfsPath: join(directory, FILES.initramfs),
  };
}

async function readFacts(path: string): Promise<Of<typeof isFacts> | null> {
  const content = await readFile(path, 'utf8').catch(() => null);
  if (content === null) return null;
  try {
    const value: unknown = JSON.parse(content);
    return isFacts(value) ? value : null;
  } catch {
    // Damaged: as if it were not there. What can be linked again is; what cannot is told to be lost.
    return null;
  }
}

async function isUsed(dataDir: string, digest: string): Promise<boolean> {
  for (const vmId of await listVmIds(dataDir)) {
    const directory = vmDirectory(dataDir, vmId);
    const origin = await readDiskOrigin(directory);
    if (origin === null ? await hasDisk(directory) : origin.imageDigest === digest) return true;
  }
  for (const name of await namesIn(snapshotsPath(dataDir)))
    if ((await readSavedFacts(join(snapshotsPath(dataDir), name)))?.imageDigest === digest) return true;
  return false;
}

async function remove(directory: string): Promise<void> {
  // Without its facts it is no image any more, however far the removal comes.
  await rm(join(directory, FILES.facts), { force: true });
  await rm(directory, { recursive: true, force: true });
}
