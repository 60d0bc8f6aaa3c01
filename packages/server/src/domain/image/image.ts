import type { EpochMs } from '../time.ts';
import type { Firmware } from './definition.ts';

/** What every image on this host has: a read-only root disk, raw and sparse, and where it comes from. */
interface ImageFacts {
  readonly name: string;
  /** sha256 over everything it was made from, in hex. */
  readonly digest: string;
  readonly rootPath: string;
  /** Virtual size of the root disk, bytes. */
  readonly rootBytes: number;
  /** What it takes on this host's disk, bytes. */
  readonly sizeBytes: number;
  readonly builtAt: EpochMs;
}

/** The monitor enters its kernel; the first program is that of its initramfs: our agent, unless the image brought its own. */
export interface DirectImage extends ImageFacts {
  readonly boot: 'direct';
  readonly kernelPath: string;
  readonly initramfsPath: string;
  readonly kernelVersion: string;
}

/** A firmware starts what lies on its disk: a system with a boot loader of its own. */
export interface FirmwareImage extends ImageFacts {
  readonly boot: 'firmware';
  readonly firmware: Firmware;
}

/** A bootable image on this host. */
export type Image = DirectImage | FirmwareImage;

/** What disks besides a root begin with: nobody starts it. */
export interface ContentImage extends ImageFacts {
  readonly boot: 'none';
}

/** Whatever disks stand on. */
export type AnyImage = Image | ContentImage;

export function isBootable(image: AnyImage): image is Image {
  return image.boot !== 'none';
}

/** Paths of all its files on this host. */
export function filesOf(image: AnyImage): readonly string[] {
  return image.boot === 'direct' ? [image.kernelPath, image.initramfsPath, image.rootPath] : [image.rootPath];
}
