import { VolaryError } from '../errors.ts';
import type { VmId, WorkspaceId } from '../ids.ts';
import type { JsonObject } from '../json.ts';
import type { EpochMs } from '../time.ts';
import { isVmName, VM_NAME_PATTERN } from '../vm/spec.ts';
import type { Repository } from './repository.ts';
import type { Setup } from './setup.ts';

/**
 * A VM that belongs to somebody for a time, with what is done in it before it is used. Its VM is stored together with it, and it is gone
 * together with that, whoever deletes it: when its time is over the VM alone knows.
 */
export interface Workspace {
  readonly id: WorkspaceId;
  /** Unique among those of its owner that are not being deleted. */
  readonly name: string;
  readonly owner: string;
  /** Of one VM there is one at most. */
  readonly vmId: VmId;
  readonly labels: Readonly<Record<string, string>>;
  readonly metadata: JsonObject;
  /** What it was last asked to live for; null: for good, or until a moment. */
  readonly ttlSeconds: number | null;
  /** Cloned when its VM runs for the first time; null: none. */
  readonly repository: Repository | null;
  readonly setup: Setup;
  /** Its VM is to go, and it goes with that. */
  readonly isDeleting: boolean;
  /** Rises with each request that changes what is wanted. */
  readonly generation: number;
  /** Rises with each write of the row; compare-and-set on it, which is the claim to the work. */
  readonly revision: number;
  readonly createdAt: EpochMs;
  readonly updatedAt: EpochMs;
}

/** Throws `invalid_argument` workspace.invalid_name. It is made like a VM's, which it is to be the name of. */
export function checkWorkspaceName(name: string): void {
  if (isVmName(name)) return;
  throw new VolaryError(
    'invalid_argument',
    'The name of a workspace has 1 to 63 lower-case letters, digits and hyphens, and neither begins nor ends with a hyphen.',
    { reason: 'workspace.invalid_name', details: { field: 'name', pattern: VM_NAME_PATTERN } },
  );
}

/** Characters of the id in the name of a VM that cannot have the workspace's. */
const ID_LETTERS = 6;
const LONGEST_NAME = 63;

/** What its VM is named when another one has its name: `<name>-<the last characters of its id>`, as long as a name may be. */
export function ownVmName({ id, name }: Pick<Workspace, 'id' | 'name'>): string {
  const kept = name.slice(0, LONGEST_NAME - ID_LETTERS - 1);
  return `${kept}-${id.slice(-ID_LETTERS)}`;
}
