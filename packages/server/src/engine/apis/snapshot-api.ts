import type { SnapshotId } from '../../domain/ids.ts';
import type { JsonObject } from '../../domain/json.ts';
import type { Operation, OperationError } from '../../domain/operation/operation.ts';
import type { Principal } from '../../domain/principal/principal.ts';
import type { GrantRequest } from '../../domain/secret/grant.ts';
import type { Snapshot, SnapshotState } from '../../domain/snapshot/snapshot.ts';
import type { Lifetime } from '../../domain/vm/expiry.ts';
import type { VmSpec } from '../../domain/vm/spec.ts';
import type { Vm } from '../../domain/vm/vm.ts';
import type { Accepted, Once, Page, Precondition, Unchanged } from '../requests.ts';

/** A change of a snapshot that was accepted, and is under way. */
export interface AcceptedSnapshot {
  readonly snapshot: Snapshot;
  readonly operation: Operation;
}

export interface CreateSnapshotRequest {
  /** Null: it has none, and goes by its id. */
  readonly name: string | null;
  readonly description: string;
  readonly labels: Readonly<Record<string, string>>;
}

export interface RestoredVmRequest {
  /** Null: a free one is made up. */
  readonly name: string | null;
  /** What is given of processors and memory has to be the snapshot's; the disk may be larger. */
  readonly spec: Partial<
    Pick<VmSpec, 'vcpuCount' | 'memoryMib' | 'diskGib' | 'restartPolicy' | 'autoSuspend' | 'autoWake'>
  >;
  /** After which it is deleted by itself; absent: never. */
  readonly lifetime?: Lifetime;
  /** Absent: what the VM was given that was saved, if it was the same owner's; else none. */
  readonly secrets?: readonly GrantRequest[];
  readonly labels: Readonly<Record<string, string>>;
  readonly metadata: JsonObject;
}

/** How many are wanted, and what they are called: by `names`, else numbered after `namePrefix`, else by names that are made up. */
export interface ForkRequest {
  readonly count: number;
  readonly names: readonly string[] | null;
  readonly namePrefix: string | null;
  readonly labels: Readonly<Record<string, string>>;
}

/** What became of one of the VMs that were asked for. */
export type ForkItem =
  /** `vm`: null when it has been deleted since, which only a repeated request can find. */
  | { readonly kind: 'accepted'; readonly vm: Vm | null; readonly operation: Operation }
  | { readonly kind: 'refused'; readonly error: OperationError };

export interface Forked {
  /** The saving of the source, which the VMs wait for. */
  readonly operation: Operation;
  readonly items: readonly ForkItem[];
}

/**
 * Saved machines, and the VMs that begin from them. A snapshot is referred to by its id or its name; an unknown one is
 * `not_found` snapshot.unknown.
 */
export interface SnapshotApi {
  /**
   * Saves a VM that is running or paused; it goes on meanwhile, but for a moment. Throws `failed_precondition` vm.not_running, `unsupported` driver.no_snapshots,
   * `already_exists` snapshot.name_taken, `resource_exhausted` snapshot.too_many / host.no_disk.
   */
  create(
    principal: Principal,
    vmRef: string,
    request: CreateSnapshotRequest,
    options?: Once,
  ): Promise<AcceptedSnapshot>;
  get(principal: Principal, ref: string): Promise<Snapshot>;
  /** In the order they were made, without those of forks. `vm`: id or name of the source, by id also of one that is gone. */
  list(
    principal: Principal,
    request: {
      readonly limit: number;
      readonly after: SnapshotId | null;
      readonly vm?: string;
      readonly state?: SnapshotState;
      /** By labels; throws `invalid_argument` selector.invalid. */
      readonly selector?: string;
    },
  ): Promise<Page<Snapshot, SnapshotId>>;
  /** Works in every state, also twice. Throws `failed_precondition` snapshot.in_use while a VM is about to begin from it. */
  delete(principal: Principal, ref: string, unchanged?: Unchanged): Promise<AcceptedSnapshot>;
  /** A VM whose first life begins from the snapshot. Throws as `VmApi.create`, `failed_precondition` snapshot.not_ready, `invalid_argument` snapshot.other_size. */
  createVm(principal: Principal, ref: string, request: RestoredVmRequest, options?: Once): Promise<Accepted>;
  /**
   * VMs that go on where this one is now, each as itself. Those that the host has no room for, or whose name is taken, are refused
   * by themselves; when all are, it throws what the first one is refused with. Throws as `create` too.
   */
  fork(principal: Principal, vmRef: string, request: ForkRequest, options?: Once): Promise<Forked>;
  /**
   * The VM's memory and disk become those of the snapshot, in its next life; until these are ready, it goes on. Throws
   * `failed_precondition` snapshot.not_ready / snapshot.other_spec.
   */
  restore(
    principal: Principal,
    vmRef: string,
    options: Precondition & { readonly snapshot: string },
  ): Promise<Accepted>;
}
