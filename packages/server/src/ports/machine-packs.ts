import type { VmId } from '../domain/ids.ts';
import type { Abortable } from './guest-link.ts';

/** How many packs one machine can have in its life. */
export const MOST_PACKS = 32;

/** One tool in one version, as a read-only squashfs file system. */
export interface Pack {
  readonly name: string;
  readonly version: string;
  /** SHA-256 of its file, hexadecimal. */
  readonly digest: string;
  /** Where its file lies; null: only the VM itself still has it. */
  readonly path: string | null;
}

/** Where a guest finds a pack: on the disk of this serial number, from this byte on. */
export interface AttachedPack {
  readonly name: string;
  readonly version: string;
  readonly digest: string;
  /** 1 to `MOST_PACKS`: stays as long as the machine lives, and no other has it. */
  readonly place: number;
  readonly offsetBytes: number;
  /** Of its file; a multiple of 4,096. */
  readonly sizeBytes: number;
}

/**
 * Tool packs of machines. Every machine has a read-only disk that is empty at first, and that packs are put on while it runs, each at a place
 * of its own, where it stays for as long as that machine lives: also in what is saved of it, in its forks, and when it is suspended and woken.
 */
export interface MachinePacks {
  /** The serial number of that disk, by which its guest finds it. */
  readonly diskSerial: string;
  /**
   * Puts those packs on the machine's disk that are not on it. `tell` is called before they are, with all that there will be, and a
   * pack counts as attached only when it has returned: the guest of a machine that has a pack has been told of it. The VM keeps the
   * files of its packs, wherever they were taken from. Repeating it is safe. Throws `failed_precondition` driver.no_machine,
   * driver.no_pack_disk (a machine that an earlier version has started), `unavailable` driver.pack_gone, `resource_exhausted`
   * driver.too_many_packs, driver.disk_full, and what `tell` throws.
   */
  attach(
    vmId: VmId,
    packs: readonly Pack[],
    options: Abortable & { readonly tell: (packs: readonly AttachedPack[]) => Promise<void> },
  ): Promise<void>;
  /** Digests of the packs that the VM keeps, whether or not its machine has them. */
  kept(vmId: VmId): Promise<readonly string[]>;
  /** Where the packs of the machine are; none where there is no machine. */
  attached(vmId: VmId): Promise<readonly AttachedPack[]>;
}
