import type { VolumeId } from '../../domain/ids.ts';
import type { DiskContent } from '../../domain/image/definition.ts';
import type { Operation } from '../../domain/operation/operation.ts';
import type { Principal } from '../../domain/principal/principal.ts';
import type { Volume } from '../../domain/volume/volume.ts';
import type { PageRequest } from '../../ports/requests.ts';
import type { HeldVolume } from '../../ports/tables/volume-table.ts';
import type { Once, Page, Unchanged } from '../requests.ts';

/** A volume with who has it. */
export interface ShownVolume {
  readonly volume: Volume;
  readonly holders: readonly HeldVolume[];
}

/** A change of a volume that was accepted, and is under way. */
export interface AcceptedVolume extends ShownVolume {
  readonly operation: Operation;
}

export interface CreateVolumeRequest {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Null: what it begins with has. */
  readonly sizeGib: number | null;
  /** `ref`: name or id of a volume. */
  readonly source:
    | { readonly kind: 'empty' }
    | { readonly kind: 'image'; readonly image: string }
    | { readonly kind: 'volume'; readonly ref: string }
    | { readonly kind: 'content'; readonly content: DiskContent };
}

export interface VolumeChange {
  readonly name?: string;
  readonly labels?: Readonly<Record<string, string>>;
}

/** Volumes; VMs get them when they are created, and give them back when they are deleted. */
export interface VolumeApi {
  /**
   * Throws `already_exists` volume.name_taken, `invalid_argument` volume.invalid_name, volume.invalid_size, volume.size_needed, image.invalid_definition,
   * `resource_exhausted` host.no_disk, quota.exceeded, volume.too_many, `failed_precondition` volume.not_ready, volume.in_use of one that is to be copied,
   * `unsupported` driver.no_volumes.
   */
  create(principal: Principal, request: CreateVolumeRequest, options?: Once): Promise<AcceptedVolume>;
  /** Throws `not_found` volume.unknown. */
  get(principal: Principal, ref: string): Promise<ShownVolume>;
  /** In the order they were made. Throws `invalid_argument` selector.invalid. */
  list(
    principal: Principal,
    request: PageRequest<VolumeId> & { readonly selector?: string },
  ): Promise<Page<ShownVolume, VolumeId>>;
  /** Throws `already_exists` volume.name_taken, `conflict` volume.changed. */
  update(principal: Principal, ref: string, change: VolumeChange, unchanged?: Unchanged): Promise<ShownVolume>;
  /** Asking twice gives the same operation. Throws `failed_precondition` volume.in_use naming who has it, `conflict` volume.changed. */
  delete(principal: Principal, ref: string, unchanged?: Unchanged): Promise<AcceptedVolume>;
}
