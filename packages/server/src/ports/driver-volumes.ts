import type { VmId, VolumeId } from '../domain/ids.ts';
import type { AnyImage } from '../domain/image/image.ts';
import type { ExtraDisk } from '../domain/vm/extra-disk.ts';
import type { Abortable } from './guest-link.ts';

/** The initial content of a volume. */
export type VolumeContent =
  | { readonly kind: 'empty' }
  /** The root of an image, or a disk image. */
  | { readonly kind: 'image'; readonly image: AnyImage }
  /** A copy of another volume, to which no machine writes meanwhile. */
  | { readonly kind: 'volume'; readonly id: VolumeId }
  /** A disk of a VM without a machine; `disk`: its name, null: the root. The VM keeps it too, until it is deleted. */
  | { readonly kind: 'vm'; readonly vmId: VmId; readonly disk: string | null };

/**
 * Disks that are stored apart from VMs. A machine whose spec has a disk with such an id gets that volume by
 * `createDisk` or at its next start, and writes to it unless it may only read; `deleteDisk` does not touch it. The
 * caller makes sure that no two machines write to one volume.
 */
export interface DriverVolumes {
  /**
   * Creates it, completely or not at all; an existing one is left unchanged. It keeps the files of an image that it
   * needs, so that the image can be removed from its place. Throws `invalid_argument` volume.too_small,
   * `resource_exhausted` driver.disk_full, `data_loss` driver.disk_damaged if its source is missing, `unavailable`
   * driver.disk_failed, driver.image_gone.
   */
  create(
    volume: { readonly id: VolumeId; readonly sizeGib: number; readonly content: VolumeContent },
    options: Abortable,
  ): Promise<void>;
  /**
   * Grows it to this size; never shrinks it. `writer`: the VM that writes to it, and the name of the disk there; if it
   * has a machine, its guest sees the size at once. No VM may only read it meanwhile. Repeating is safe. Throws
   * `data_loss` driver.disk_damaged, `resource_exhausted` driver.disk_full, `failed_precondition` driver.no_machine if
   * the writer is suspended, `unavailable` driver.disk_failed, and errors of a monitor that does not answer.
   */
  grow(
    volume: {
      readonly id: VolumeId;
      readonly sizeGib: number;
      readonly writer: { readonly vmId: VmId; readonly disk: string } | null;
    },
    options: Abortable,
  ): Promise<void>;
  /**
   * Gives a VM without a machine the volumes among these disks, and takes away all others; a VM without a disk gets
   * them when its disk is created. The next start would do the same: this only frees detached volumes at once.
   * Repeating is safe. Throws `data_loss` driver.disk_damaged, image.lost.
   */
  place(vmId: VmId, disks: readonly ExtraDisk[], options: Abortable): Promise<void>;
  /** Removes it with its content; absent is fine. No machine may use it. */
  remove(id: VolumeId, options: Abortable): Promise<void>;
  /** All volumes on this host, damaged ones too, whether or not the store knows them. */
  list(): Promise<readonly VolumeId[]>;
}
