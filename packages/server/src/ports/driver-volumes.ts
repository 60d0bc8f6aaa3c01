import type { VmId, VolumeId } from '../domain/ids.ts';
import type { AnyImage } from '../domain/image/image.ts';
import type { ExtraDisk } from '../domain/vm/extra-disk.ts';
import type { Abortable } from './guest-link.ts';

/** What a volume begins with. */
export type VolumeContent =
  | { readonly kind: 'empty' }
  /** The root of an image, or a disk image. */
  | { readonly kind: 'image'; readonly image: AnyImage }
  /** A copy of another one, which no machine writes to meanwhile. */
  | { readonly kind: 'volume'; readonly id: VolumeId }
  /** A disk of a VM that has no machine; `disk`: its name, null: the root. It stays the VM's too, as long as that is kept. */
  | { readonly kind: 'vm'; readonly vmId: VmId; readonly disk: string | null };

/**
 * Disks that are kept apart from VMs. A machine whose spec has a disk with such an id is given that volume by `createDisk` or by its next start, and writes to it unless
 * it may only read; `deleteDisk` takes nothing from it. That one volume is not written to by two is its caller's matter.
 */
export interface DriverVolumes {
  /**
   * Makes it, complete or not at all; one that is there stays as it is. What it needs of an image stays with it, so that the image can be removed
   * from where it was. Throws `invalid_argument` volume.too_small, `resource_exhausted` driver.disk_full, `data_loss` driver.disk_damaged where what it begins
   * with is not there, `unavailable` driver.disk_failed, driver.image_gone.
   */
  create(
    volume: { readonly id: VolumeId; readonly sizeGib: number; readonly content: VolumeContent },
    options: Abortable,
  ): Promise<void>;
  /**
   * Makes it as large as this, unless it is: never smaller. `writer`: the VM that writes to it, by whose disk; where that has a machine, its guest sees it at once.
   * Nobody only reads it meanwhile. Repeating is safe. Throws `data_loss` driver.disk_damaged, `resource_exhausted` driver.disk_full, `failed_precondition`
   * driver.no_machine where that is suspended, `unavailable` driver.disk_failed and whatever its monitor does not answer with.
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
   * Has a VM without a machine have the volumes among these disks, and none that it had before; one without a disk has them when that is made. Its next start does so
   * too, so that this frees at once what was taken from it, no more. Repeating is safe. Throws `data_loss` driver.disk_damaged, image.lost.
   */
  place(vmId: VmId, disks: readonly ExtraDisk[], options: Abortable): Promise<void>;
  /** Removes it with what is in it; absent is fine. No machine has it. */
  remove(id: VolumeId, options: Abortable): Promise<void>;
  /** All that are there, also damaged ones, whether the store knows them or not. */
  list(): Promise<readonly VolumeId[]>;
}
