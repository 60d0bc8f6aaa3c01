import type { ReplicaOf } from '../deployment/deployment.ts';
import type { HostId, OperationId, SnapshotId, VmId } from '../ids.ts';
import type { JsonObject } from '../json.ts';
import type { SecretGrant } from '../secret/grant.ts';
import type { EpochMs } from '../time.ts';
import type { WorkloadStatus } from '../workload/workload.ts';
import type { CloudInitStatus } from './cloud-init-status.ts';
import type { Expiry } from './expiry.ts';
import type { VmMachine } from './machine-shape.ts';
import type { SettledPhase, TransientPhase } from './phase.ts';
import type { Restarts } from './restarts.ts';
import type { VmSpec } from './spec.ts';
import type { WarmStart } from './warm-start.ts';

/** Where the VM's power is wanted. `absent`: everything that belongs to it is to be removed. */
export type PowerState = 'running' | 'paused' | 'suspended' | 'stopped' | 'absent';

/** What was asked of the VM, as the planner reads it. */
export interface Desired {
  readonly power: PowerState;
  /** The life that is wanted: each start of a machine, and each restart, asks for one more. */
  readonly incarnation: number;
  /** How long a guest may take to shut down before its machine is ended; 0 ends it at once. Milliseconds. */
  readonly graceMs: number;
}

/**
 * The saved machine that one life of a VM begins from, in place of a boot.
 *
 * made      the VM was created from it: its disk is a copy of the saved one
 * awaited   a restore: its copy of the saved disk is not ready yet, and the VM is left as it is until it is
 * prepared  a restore: the copy takes the place of the VM's disk when that life is begun
 */
export interface Origin {
  readonly snapshotId: SnapshotId;
  /** That life; later ones boot from the disk. */
  readonly incarnation: number;
  readonly disk: 'made' | 'awaited' | 'prepared';
}

/** Opaque, versioned state of a driver: we store it and give it back, and never look inside `state`. */
export interface DriverHandle {
  readonly driver: string;
  readonly version: number;
  readonly state: JsonObject;
}

/** Why a VM was suspended, last. */
export interface Suspension {
  /** `requested`: somebody asked for it. `idle`: it had nothing to do, and its settings ask for that. */
  readonly reason: 'requested' | 'idle';
  /** For people: a sentence. */
  readonly message: string;
  readonly at: EpochMs;
  /** For people: why it cannot be woken now, and what comes of that; null where nothing is known to be wrong. */
  readonly problem: string | null;
}

/** Why a VM is `failed`: what happened, and what to do about it. */
export interface Failure {
  /** The generation that could not be reached; a newer one makes the planner try again. */
  readonly generation: number;
  readonly reason: string;
  readonly message: string;
  /** The last lines of the guest's console, where there were any. */
  readonly consoleTail: string;
  readonly at: EpochMs;
}

/** What was observed. Each kind of state carries its own data. */
export type VmStatus =
  | {
      readonly phase: TransientPhase;
      readonly since: EpochMs;
      readonly operationId: OperationId;
      readonly deadlineAt: EpochMs;
    }
  | { readonly phase: 'failed'; readonly since: EpochMs; readonly failure: Failure }
  | { readonly phase: Exclude<SettledPhase, 'failed'>; readonly since: EpochMs };

/**
 * starting   its health check has not succeeded yet in this life
 * healthy    the check succeeds; where there is none, the agent answers
 * unhealthy  the check fails
 * degraded   the agent has fallen silent; the machine is left alone
 * unknown    there is nobody to ask
 */
export const VM_HEALTHS = ['starting', 'healthy', 'unhealthy', 'degraded', 'unknown'] as const;
export type VmHealth = (typeof VM_HEALTHS)[number];

export interface Vm {
  readonly id: VmId;
  readonly name: string;
  /** The principal that created it. */
  readonly owner: string;
  /** The deployment that it is kept alive by; null: none. */
  readonly replicaOf: ReplicaOf | null;
  readonly spec: VmSpec;
  readonly labels: Readonly<Record<string, string>>;
  readonly metadata: JsonObject;
  /** What its guest and its commands are given, of its owner's. */
  readonly secrets: readonly SecretGrant[];
  readonly desired: Desired;
  /** The snapshot that a life of it begins from; null where there is none. */
  readonly origin: Origin | null;
  /** How its first life begins, where that is not from a snapshot. */
  readonly warmStart: WarmStart;
  readonly status: VmStatus;
  readonly health: VmHealth;
  /** How its workload is; null where it has none, or none was started yet. */
  readonly workloadStatus: WorkloadStatus | null;
  /** How far cloud-init was in the life it says; null where it was never asked for anything. */
  readonly cloudInitStatus: CloudInitStatus | null;
  /** What the restart policy has done, and is about to do. */
  readonly restarts: Restarts;
  /** Set from when it was asked to be suspended until its machine goes on, or is no more. */
  readonly suspension: Suspension | null;
  /** When it is deleted by itself; null: never. */
  readonly expiry: Expiry | null;
  readonly driver: string;
  readonly hostId: HostId;
  /** Null while there is no machine, also while it is suspended. */
  readonly handle: DriverHandle | null;
  /** What its machine was made with, also that of a suspended one; null without one, or where that is not known. */
  readonly machine: VmMachine | null;
  /** The digest of the image its disk was made from; null until the disk is. */
  readonly imageDigest: string | null;
  /** The last life that was started; 0 before the first. */
  readonly incarnation: number;
  /** Rises with each request that changes what is wanted. */
  readonly generation: number;
  /** Rises with each write of the row; compare-and-set on it. */
  readonly revision: number;
  readonly pid: number | null;
  readonly ip: string | null;
  readonly createdAt: EpochMs;
  readonly updatedAt: EpochMs;
  /** When the guest of the present incarnation first answered. */
  readonly startedAt: EpochMs | null;
}

/** True while the life that is to begin from a saved machine has not begun. */
export function isOriginPending({ origin, incarnation }: Pick<Vm, 'origin' | 'incarnation'>): boolean {
  return origin !== null && incarnation < origin.incarnation;
}

/** What is left of the origin when something else is wanted: a restore that has not begun is given up, a creation is not. */
export function originWithoutRestore(vm: Pick<Vm, 'origin' | 'incarnation'>): Origin | null {
  return isOriginPending(vm) && vm.origin?.disk !== 'made' ? null : vm.origin;
}

/** A life that no machine of this VM can be of yet: not even one whose start was asked for and is still to be written down. */
export function nextIncarnation({ incarnation, desired }: Pick<Vm, 'incarnation' | 'desired'>): number {
  return Math.max(incarnation, desired.incarnation) + 1;
}
