import type { EpochMs } from '../time.ts';

/** A bootable image on this host: a kernel, its initramfs with our agent, and a read-only root disk. */
export interface Image {
  readonly name: string;
  /** sha256 over everything it was made from, in hex. */
  readonly digest: string;
  readonly kernelPath: string;
  readonly initramfsPath: string;
  readonly rootPath: string;
  /** Virtual size of the root disk, bytes. */
  readonly rootBytes: number;
  /** What it takes on this host's disk, bytes. */
  readonly sizeBytes: number;
  readonly kernelVersion: string;
  readonly builtAt: EpochMs;
}
