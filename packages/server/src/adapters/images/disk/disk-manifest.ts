import { join } from 'node:path';
import { FIRMWARES, type Firmware } from '../../../domain/image/definition.ts';
import type { AnyImage } from '../../../domain/image/image.ts';
import { either, integer, listOf, type Of, oneOf, record, text } from '../../../lib/shape.ts';
import { storedBytes } from '../stored-bytes.ts';

const COMMON = {
  format: oneOf(3),
  name: text,
  /** Of what is in the image: of the files that it was made from. Hex sha256. */
  digest: text,
  /** Of what it was made from, as the digests of other images' sources. Hex sha256. */
  sources: listOf(text),
  /** Of the file that the root was converted from: what was converted once is not converted again. Hex sha256. */
  rootKey: text,
  rootBytes: integer(1),
  builtAt: integer(0),
} as const;

const BOOT_FILE = record({ sizeBytes: integer(1), sha256: text });

/** What lies beside the files of an image that was made from a disk image, `manifest.json`. */
export const isDiskManifest = either(
  either(
    record({ ...COMMON, boot: oneOf('none') }),
    record({ ...COMMON, boot: oneOf('firmware'), firmware: oneOf(...FIRMWARES) }),
  ),
  record({ ...COMMON, boot: oneOf('direct'), kernelVersion: text, kernel: BOOT_FILE, initramfs: BOOT_FILE }),
);
export type DiskManifest = Of<typeof isDiskManifest>;

/** Names of its files. */
export const DISK_FILES = {
  kernel: 'kernel',
  initramfs: 'initramfs',
  root: 'root.raw',
  manifest: 'manifest.json',
} as const;

/** The image that this manifest tells of, or null if its files are not there as they were written. */
export async function readDiskImage(directory: string, manifest: DiskManifest): Promise<AnyImage | null> {
  const { name, digest, rootBytes, builtAt } = manifest;
  const at = (file: keyof typeof DISK_FILES): string => join(directory, DISK_FILES[file]);
  const boot: readonly (readonly [string, number])[] =
    manifest.boot !== 'direct'
      ? []
      : [
          [at('kernel'), manifest.kernel.sizeBytes],
          [at('initramfs'), manifest.initramfs.sizeBytes],
        ];
  const sizeBytes = await storedBytes([...boot, [at('root'), rootBytes]]);
  if (sizeBytes === null) return null;
  const facts = { name, digest, rootPath: at('root'), rootBytes, sizeBytes, builtAt };
  if (manifest.boot === 'none') return { ...facts, boot: 'none' };
  if (manifest.boot === 'firmware') return { ...facts, boot: 'firmware', firmware: firmwareOf(manifest) };
  const { kernelVersion } = manifest;
  return { ...facts, boot: 'direct', kernelPath: at('kernel'), initramfsPath: at('initramfs'), kernelVersion };
}

function firmwareOf({ firmware }: { readonly firmware: Firmware }): Firmware {
  return firmware;
}
