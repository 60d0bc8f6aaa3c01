import type { VmId, VolumeId } from '../../domain/ids.ts';
import type { Attachment, Volume } from '../../domain/volume/volume.ts';
import type { OfOwner, PageRequest } from '../requests.ts';

/** An attachment, with what its VM is called. */
export interface HeldVolume extends Attachment {
  readonly vmName: string;
}

/** Volumes, in the order they were made, and which VMs have them. What a VM has goes with the row of the VM, in one transaction. */
export interface VolumeTable {
  /** Throws `already_exists` volume.name_taken. */
  insert(volume: Volume): Promise<void>;
  get(id: VolumeId): Promise<Volume | null>;
  getByName(name: string): Promise<Volume | null>;
  list(page: PageRequest<VolumeId> & OfOwner): Promise<readonly Volume[]>;
  /** Those on which there is something to do: being made or removed. */
  listUnsettled(): Promise<readonly Volume[]>;
  /** Those that disks of this VM become, or have become, when it is deleted. */
  listKeptOf(vmId: VmId): Promise<readonly Volume[]>;
  /** Writes the row if its revision is still `volume.revision - 1`; throws `conflict` store.revision otherwise, `already_exists` volume.name_taken. */
  update(volume: Volume): Promise<void>;
  /** Removes the row if its revision is still this one; throws `conflict` store.revision otherwise, `conflict` store.constraint while a VM has it. */
  delete(id: VolumeId, revision: number): Promise<void>;
  count(): Promise<number>;
  /** Sizes of those of this owner together, GiB; of those that are there or in the making. */
  sizeOf(owner: string): Promise<number>;
  /** Gives the volume to a VM, both stored. Throws `conflict` store.constraint where another one writes to it, or this one has it. */
  attach(attachment: Attachment): Promise<void>;
  /** Takes it from the VM; one that does not have it is fine. */
  detach(id: VolumeId, vmId: VmId): Promise<void>;
  /** Who has this volume, in the order of the VMs' ids. */
  holdersOf(id: VolumeId): Promise<readonly HeldVolume[]>;
}
