import { join } from 'node:path';
import type { AnyImage, Image } from '../../domain/image/image.ts';
import { either, integer, listOf, type Of, oneOf, record, text } from '../../lib/shape.ts';
import { readFacts, valueIn } from '../shared/read-facts.ts';
import { type DiskManifest, isDiskManifest, readDiskImage } from './disk/disk-manifest.ts';
import { storedBytes } from './stored-bytes.ts';

/** The files of an image's directory. */
export const IMAGE_FILES = {
  kernel: 'kernel',
  initramfs: 'initramfs',
  root: 'root.raw',
  manifest: 'manifest.json',
} as const;

/** The files of a root's directory: what of an image does not depend on our agent. */
export const ROOT_FILES = { kernel: IMAGE_FILES.kernel, root: IMAGE_FILES.root, facts: 'facts.json' } as const;

/** True for what `buildRoot` writes into its facts. */
export const isRootFacts = record({
  kernelVersion: text,
  /** `name version`, as installed in the root. */
  packages: listOf(text),
  /** Hex, of each file. */
  sha256: record({ kernel: text, root: text }),
});

/** What is known of a root. */
export type RootFacts = Of<typeof isRootFacts>;

const IMAGE_FILE = record({ sizeBytes: integer(0), sha256: text });

/** A file of an image as it was written; its sha256 is hex. */
export type ImageFile = Of<typeof IMAGE_FILE>;

const isManifest = record({
  format: oneOf(2),
  name: text,
  /** Of what is in the image: two images with one digest are the same bytes. Hex sha256. */
  digest: text,
  /** Of what it was made from; several, if a change of sources changed nothing in the image. Hex sha256. */
  sources: listOf(text),
  kernelVersion: text,
  packages: listOf(text),
  files: record({ kernel: IMAGE_FILE, initramfs: IMAGE_FILE, root: IMAGE_FILE }),
  /** Milliseconds since 1970. */
  builtAt: integer(0),
});
const isAnyManifest = either(isManifest, isDiskManifest);

export type Manifest = Of<typeof isManifest>;

/** An image in the cache, with what it was made from. */
export interface CachedImage {
  readonly image: AnyImage;
  readonly manifest: AnyManifest;
}

export type AnyManifest = Manifest | DiskManifest;

/** Of the digest, in the name of a directory. */
const DIGITS = 12;

/** `base-0123456789ab`: enough of the digest to tell versions apart. */
export function directoryName(name: string, digest: string): string {
  return `${name}-${digest.slice(0, DIGITS)}`;
}

/** Whether a directory of this name is of an image that is called so. */
export function isNamed(directory: string, name: string): boolean {
  return directory.slice(0, -DIGITS - 1) === name;
}

/** The same of one that has this digest. */
export function isOfDigest(directory: string, digest: string): boolean {
  return directory.endsWith(`-${digest.slice(0, DIGITS)}`);
}

async function readRecipeImage(directory: string, manifest: Manifest): Promise<Image | null> {
  const at = (name: 'kernel' | 'initramfs' | 'root'): string => join(directory, IMAGE_FILES[name]);
  const { files, name, digest, kernelVersion, builtAt } = manifest;
  const sizeBytes = await storedBytes([
    [at('kernel'), files.kernel.sizeBytes],
    [at('initramfs'), files.initramfs.sizeBytes],
    [at('root'), files.root.sizeBytes],
  ]);
  if (sizeBytes === null) return null;
  return {
    ...{ name, digest, boot: 'direct', kernelVersion, builtAt, sizeBytes },
    ...{ kernelPath: at('kernel'), initramfsPath: at('initramfs'), rootPath: at('root') },
    rootBytes: files.root.sizeBytes,
  };
}

/**
 * The image in this directory, or null if there is no complete one: its files are there and as long as they must be. One whose manifest is damaged counts
 * as not built. Throws `unavailable` host.file_unreadable.
 */
export async function readImage(directory: string): Promise<CachedImage | null> {
  const manifest = valueIn(await readFacts(join(directory, IMAGE_FILES.manifest), isAnyManifest));
  if (manifest === null) return null;
  const image =
    manifest.format === 2 ? await readRecipeImage(directory, manifest) : await readDiskImage(directory, manifest);
  return image === null ? null : { image, manifest };
}
