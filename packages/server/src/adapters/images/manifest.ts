import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Image } from '../../domain/image/image.ts';

/** The files of an image's directory. A manifest is written last: a directory with one is complete. */
export const IMAGE_FILES = {
  kernel: 'kernel',
  initramfs: 'initramfs',
  root: 'root.raw',
  manifest: 'manifest.json',
} as const;

export interface Manifest {
  readonly format: 1;
  readonly name: string;
  readonly digest: string;
  readonly rootDigest: string;
  readonly kernelVersion: string;
  /** `name version`, as installed in the root. */
  readonly packages: readonly string[];
  /** Hex sha256 of each file. */
  readonly sha256: Readonly<Record<'kernel' | 'initramfs' | 'root', string>>;
  readonly builtAt: number;
}

/** `base-0123456789ab`: enough of the digest to tell versions apart. */
export function directoryName(name: string, digest: string): string {
  return `${name}-${digest.slice(0, 12)}`;
}

/** The image in this directory, or null if there is no complete one: its files are there and as long as they must be. */
export async function readImage(directory: string): Promise<Image | null> {
  const manifest = await readManifest(directory);
  if (manifest === null) return null;
  const [kernelPath, initramfsPath, rootPath] = [IMAGE_FILES.kernel, IMAGE_FILES.initramfs, IMAGE_FILES.root].map(
    (name) => join(directory, name),
  );
  if (kernelPath === undefined || initramfsPath === undefined || rootPath === undefined) return null;
  const sizes = await Promise.all([kernelPath, initramfsPath, rootPath].map((path) => stat(path).catch(() => null)));
  const [kernel, initramfs, root] = sizes;
  if (!kernel?.size || !initramfs?.size || !root?.size) return null;
  return {
    name: manifest.name,
    digest: manifest.digest,
    kernelPath,
    initramfsPath,
    rootPath,
    rootBytes: root.size,
    sizeBytes: [kernel, initramfs, root].reduce((sum, { blocks }) => sum + blocks * 512, 0),
    kernelVersion: manifest.kernelVersion,
    builtAt: manifest.builtAt,
  };
}

async function readManifest(directory: string): Promise<Manifest | null> {
  const text = await readFile(join(directory, IMAGE_FILES.manifest), 'utf8').catch(() => null);
  if (text === null) return null;
  try {
    const value: unknown = JSON.parse(text);
    return isManifest(value) ? value : null;
  } catch {
    // Half-written by a power cut: the image counts as not built, and is built again.
    return null;
  }
}

function isManifest(value: unknown): value is Manifest {
  if (typeof value !== 'object' || value === null) return false;
  const { format, name, digest, kernelVersion, builtAt }: Partial<Record<keyof Manifest, unknown>> = value;
  return (
    format === 1 &&
    [name, digest, kernelVersion].every((text) => typeof text === 'string') &&
    typeof builtAt === 'number'
  );
}
