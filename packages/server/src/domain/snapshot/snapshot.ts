import { VolaryError } from '../errors.ts';
import type { OperationId, SnapshotId, VmId } from '../ids.ts';
import type { SecretGrant } from '../secret/grant.ts';
import type { EpochMs } from '../time.ts';
import { isVmName, VM_NAME_PATTERN, type VmSpec } from '../vm/spec.ts';

/**
 *   creating --> ready --> deleting --> (gone)
 *      |  \---> failed -----^
 *      +--------------------^
 *
 * creating  its machine is being saved, by an operation
 * ready     complete: VMs may be made from it
 * failed    its machine could not be saved, `failure` says why; nothing is left of it but this record
 * deleting  what was saved is being removed, by an operation; afterwards it is gone
 */
export const SNAPSHOT_TRANSITIONS = {
  creating: ['ready', 'failed', 'deleting'],
  ready: ['deleting'],
  failed: ['deleting'],
  deleting: [],
} as const satisfies Record<string, readonly string[]>;

export type SnapshotState = keyof typeof SNAPSHOT_TRANSITIONS;
export const SNAPSHOT_STATES = ['creating', 'ready', 'failed', 'deleting'] as const satisfies readonly SnapshotState[];

/** What a VM that begins from it has in common with the one that was saved. */
export type SnapshotSpec = Omit<VmSpec, 'restartPolicy' | 'autoSuspend' | 'autoWake'>;

/** Memory, devices and disk of one VM at one moment. */
export interface Snapshot {
  readonly id: SnapshotId;
  /** Null, or one that no other snapshot has. */
  readonly name: string | null;
  readonly description: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly state: SnapshotState;
  /** Of its making or removal, while that is under way. */
  readonly operationId: OperationId | null;
  readonly failure: { readonly reason: string; readonly message: string } | null;
  /** Made for a fork: removed by itself when the VMs that are made from it have begun. */
  readonly isTemporary: boolean;
  /** The VM that was saved; it may be gone by now. */
  readonly source: { readonly id: VmId; readonly name: string };
  readonly spec: SnapshotSpec;
  /** What the VM was given when it was saved. */
  readonly secrets: readonly SecretGrant[];
  readonly imageDigest: string;
  /** What it takes on the host's disk; null until it is ready. */
  readonly sizeBytes: number | null;
  /** How long its guest was halted for it, milliseconds; null until it is ready. */
  readonly haltedMs: number | null;
  /** The principal that asked for it. */
  readonly owner: string;
  readonly createdAt: EpochMs;
  readonly updatedAt: EpochMs;
  /** Rises with each write of the row; compare-and-set on it. */
  readonly revision: number;
}

/** Longest description, characters. */
export const SNAPSHOT_DESCRIPTION_LENGTH = 256;

/** How it is called where a name is wanted: its name, or its id. */
export function titleOf({ id, name }: Pick<Snapshot, 'id' | 'name'>): string {
  return name ?? id;
}

/** Throws `invalid_argument` snapshot.invalid_name. A name is made like a VM's. */
export function checkSnapshotName(name: string): void {
  if (isVmName(name)) return;
  throw new VolaryError(
    'invalid_argument',
    'A snapshot name has 1 to 63 lower-case letters, digits and hyphens, and neither begins nor ends with a hyphen.',
    { reason: 'snapshot.invalid_name', details: { field: 'name', pattern: VM_NAME_PATTERN } },
  );
}
