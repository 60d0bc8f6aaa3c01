import { VolaryError } from '../errors.ts';
import type { OperationId, VmId, VolumeId } from '../ids.ts';
import type { DiskContent } from '../image/definition.ts';
import type { EpochMs } from '../time.ts';
import { isVmName, VM_LIMITS, VM_NAME_PATTERN } from '../vm/spec.ts';

/**
 *   creating --> ready --> deleting --> (gone)
 *      |  \---> failed -----^
 *      +--------------------^
 *
 * creating  it is being made, by an operation, or by the deletion of the VM whose disk it was
 * ready     complete: VMs may have it
 * failed    it could not be made, `failure` says why; nothing is left of it but this record
 * deleting  it is being removed, by an operation; afterwards it is gone
 */
export const VOLUME_TRANSITIONS = {
  creating: ['ready', 'failed', 'deleting'],
  ready: ['deleting'],
  failed: ['deleting'],
  deleting: [],
} as const satisfies Record<string, readonly string[]>;

export type VolumeState = keyof typeof VOLUME_TRANSITIONS;
export const VOLUME_STATES = ['creating', 'ready', 'failed', 'deleting'] as const satisfies readonly VolumeState[];

/** What a volume was when it was made. */
export type VolumeOrigin =
  | { readonly kind: 'empty' }
  /** A disk image that was fetched. */
  | { readonly kind: 'content'; readonly content: DiskContent }
  /** The root disk of an image, as its name stood for then. */
  | { readonly kind: 'image'; readonly image: string }
  /** A copy of another volume, which may be gone by now. */
  | { readonly kind: 'volume'; readonly id: VolumeId; readonly name: string }
  /** A disk of a VM that was deleted. `disk`: its name; null: the root. `image`: what that VM was made from. */
  | {
      readonly kind: 'vm';
      readonly id: VmId;
      readonly name: string;
      readonly disk: string | null;
      readonly image: string;
    };

/** A disk of its own, which VMs come to and leave. */
export interface Volume {
  readonly id: VolumeId;
  /** Unique in the installation. */
  readonly name: string;
  readonly owner: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Virtual size. */
  readonly sizeGib: number;
  readonly state: VolumeState;
  /** Of its making or removal, while that is under way. */
  readonly operationId: OperationId | null;
  readonly failure: { readonly reason: string; readonly message: string } | null;
  readonly origin: VolumeOrigin;
  /** Kind of the driver whose machines can have it. */
  readonly driver: string;
  readonly createdAt: EpochMs;
  readonly updatedAt: EpochMs;
  /** Rises with each write of the row; compare-and-set on it. */
  readonly revision: number;
}

/** A VM that has a volume, as long as it is kept. */
export interface Attachment {
  readonly volumeId: VolumeId;
  readonly vmId: VmId;
  /** Name of the VM's disk that it is. */
  readonly disk: string;
  readonly isReadonly: boolean;
}

/** Of an installation. */
export const MOST_VOLUMES = 10_000;

/** Throws `invalid_argument` volume.invalid_name. A name is made like a VM's. */
export function checkVolumeName(name: string): void {
  if (isVmName(name)) return;
  throw new VolaryError(
    'invalid_argument',
    'The name of a volume has 1 to 63 lower-case letters, digits and hyphens, and neither begins nor ends with a hyphen.',
    { reason: 'volume.invalid_name', details: { field: 'name', pattern: VM_NAME_PATTERN } },
  );
}

/** Throws `invalid_argument` volume.invalid_size. */
export function checkVolumeSize(sizeGib: number): void {
  const { minimum, maximum } = VM_LIMITS.diskGib;
  if (Number.isInteger(sizeGib) && sizeGib >= minimum && sizeGib <= maximum) return;
  throw new VolaryError('invalid_argument', `size_gib must be a whole number from ${minimum} to ${maximum}.`, {
    reason: 'volume.invalid_size',
    details: { field: 'size_gib', minimum, maximum, actual: sizeGib },
  });
}

/** Room for a hyphen and eight characters that are made up. */
const BASE_LENGTH = 54;

/**
 * What a disk of a deleted VM is called as a volume: after both, `db-root`, `db-data`. `suffix`: characters of its id, for when that name is taken.
 */
export function nameOfKept(vmName: string, disk: string | null, suffix: string | null): string {
  const name = `${vmName}-${disk ?? 'root'}`;
  if (suffix === null && name.length <= 63) return name;
  return `${name.slice(0, BASE_LENGTH).replace(/-+$/, '')}-${suffix ?? 'disk'}`;
}

/**
 * Whether a VM may have it besides those that have it: one writer alone, or any number of readers. Throws `failed_precondition` volume.in_use,
 * naming who has it.
 */
export function checkAttachable(
  { name }: Pick<Volume, 'name'>,
  isReadonly: boolean,
  holders: readonly { readonly vm: { readonly id: VmId; readonly name: string }; readonly isReadonly: boolean }[],
): void {
  const writer = holders.find((holder) => !holder.isReadonly);
  const inTheWay = isReadonly ? writer : (writer ?? holders[0]);
  if (inTheWay === undefined) return;
  const what = inTheWay.isReadonly ? 'reads' : 'writes';
  const hint = inTheWay.isReadonly
    ? 'Others can have it read-only meanwhile.'
    : 'A volume has one VM that writes to it, or some that only read.';
  throw new VolaryError('failed_precondition', `${inTheWay.vm.name} ${what} the volume ${name}. ${hint}`, {
    reason: 'volume.in_use',
    details: { volume: name, vms: holders.slice(0, 10).map(({ vm: { id, name: vmName } }) => ({ id, name: vmName })) },
  });
}
