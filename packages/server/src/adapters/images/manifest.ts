import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { AnyImage, Image } from '../../domain/image/image.ts';
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

/** What is known of a root. */
export interface RootFacts {
  readonly kernelVersion: string;
  /** `name version`, as installed in the root. */
  readonly packages: readonly string[];
  /** Hex sha256 of each file. */
  readonly sha256: Readonly<Record<'kernel' | 'root', string>>;
}

/** A file of an image as it was written. */
export interface ImageFile {
  readonly sizeBytes: number;
  /** Hex. */
  readonly sha256: string;
}

export interface Manifest {
  readonly format: 2;
  readonly name: string;
  /** Of what is in the image: two images with one digest are the same bytes. Hex sha256. */
  readonly digest: string;
  /** Of what it was made from; several, if a change of sources changed nothing in the image. Hex sha256. */
  readonly sources: readonly string[];
  readonly kernelVersion: string;
  readonly packages: readonly string[];
  readonly files: Readonly<Record<'kernel' | 'initramfs' | 'root', ImageFile>>;
  /** Milliseconds since 1970. */
  readonly builtAt: number;
}

/** An image in the cache, with what it was made from. */
export interface CachedImage {
  readonly image: AnyImage;
  readonly manifest: AnyManifest;
}

export type AnyManifest = Manifest | DiskManifest;

/** `base-0123456789ab`: enough of the digest to tell versions apart. */
export function directoryName(name: string, digest: string): string {
  return `${name}-${digest.slice(0, 12)}`;
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

/** The image in this directory, or null if there is no complete one: its files are there and as long as they must be. */
export async function readImage(directory: string): Promise<CachedImage | null> {
  const manifest = await readManifest(directory);
  if (manifest === null) return null;
  const image =
    manifest.format === 2 ? await readRecipeImage(directory, manifest) : await readDiskImage(directory, manifest);
  return image === null ? null : { image, manifest };
}

async function readManifest(directory: string): Promise<AnyManifest | null> {
  const text = await readFile(join(directory, IMAGE_FILES.manifest), 'utf8').catch(() => null);
  if (text === null) return null;
  try {
    const value: unknown = JSON.parse(text);
    return isManifest(value) || isDiskManifest(value) ? value : null;
  } catch {
    // Damaged: the image counts as not built, and is built again.
    return null;
  }
}

function isManifest(value: unknown): value is Manifest {
  if (!isRecord(value)) return false;
  const { format, name, digest, sources, kernelVersion, packages, files, builtAt }: Fields<Manifest> = value;
  return (
    format === 2 &&
    [name, digest, kernelVersion].every(isString) &&
    [sources, packages].every((list) => Array.isArray(list) && list.every(isString)) &&
    isRecord(files) &&
    [files['kernel'], files['initramfs'], files['root']].every(isImageFile) &&
    typeof builtAt === 'number'
  );
}

function isImageFile(value: unknown): value is ImageFile {
  return isRecord(value) && typeof value['sizeBytes'] === 'number' && isString(value['sha256']);
}

/** True for what `buildRoot` writes into its facts. */
export function isRootFacts(value: unknown): value is RootFacts {
  if (!isRecord(value)) return false;
  const { kernelVersion, packages, sha256 }: Fields<RootFacts> = value;
  return (
    isString(kernelVersion) &&
    Array.isArray(packages) &&
    packages.every(isString) &&
    isRecord(sha256) &&
    [sha256['kernel'], sha256['root']].every(isString)
  );
}

/** The fields of something that may not be what it should. */
type Fields<T> = Readonly<Partial<Record<keyof T, unknown>>>;

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function isString(value: unknown): value is string {
  return typeof value === 'string';
}
