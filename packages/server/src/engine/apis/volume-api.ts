import type { VolumeId } from '../../domain/ids.ts';
import type { DiskContent } from '../../domain/image/definition.ts';
import type { Operation } from '../../domain/operation/operation.ts';
import type { Principal } from '../../domain/principal/principal.ts';
import type { Vm } from '../../domain/vm/vm.ts';
import type { AskedVolume } from '../../domain/vm/vm-request.ts';
import type { Volume } from '../../domain/volume/volume.ts';
import type { PageRequest } from '../../ports/requests.ts';
import type { HeldVolume } from '../../ports/tables/volume-table.ts';
import type { Once, Page, Precondition, Unchanged } from '../requests.ts';

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
  /** At least what it has. */
  readonly sizeGib?: number;
}

/** Volumes; VMs get them when they are created or while they are stopped, and give them back when they are deleted, or then too. */
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
  /**
   * Resolves when it is as large as it was to be; a guest that writes to it sees that at once. Throws `already_exists` volume.name_taken, `conflict` volume.changed,
   * `invalid_argument` volume.invalid_size, volume.cannot_shrink, `failed_precondition` volume.not_ready, volume.in_use of one that is only read by what runs, `resource_exhausted` quota.exceeded, host.no_disk,
   * `deadline_exceeded` operation.deadline: asked again, it goes on.
   */
  update(principal: Principal, ref: string, change: VolumeChange, unchanged?: Unchanged): Promise<ShownVolume>;
  /**
   * Gives it to a stopped VM, by name or id; one that has it so already is fine. Takes `vm:update` of that, too. Throws `not_found` vm.unknown, volume.unknown, `invalid_argument`
   * vm.invalid_disks, `failed_precondition` vm.not_stopped, vm.being_deleted, volume.in_use, volume.not_ready, `conflict` vm.changed, `unsupported` driver.no_volumes.
   */
  attach(principal: Principal, vm: string, asked: AskedVolume, options: Precondition): Promise<Vm>;
  /** Takes it from a stopped VM; `disk`: what it is called there. Throws likewise, and `not_found` volume.not_attached. */
  detach(principal: Principal, vm: string, disk: string, options: Precondition): Promise<Vm>;
  /** Asking twice gives the same operation. Throws `failed_precondition` volume.in_use naming who has it, `conflict` volume.changed. */
  delete(principal: Principal, ref: string, unchanged?: Unchanged): Promise<AcceptedVolume>;
}
