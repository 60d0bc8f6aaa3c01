import { VolaryError } from '../errors.ts';
import type { DeploymentId } from '../ids.ts';
import type { JsonObject } from '../json.ts';
import type { SecretGrant } from '../secret/grant.ts';
import type { EpochMs } from '../time.ts';
import { isVmName, VM_NAME_PATTERN, type VmSpec } from '../vm/spec.ts';
import type { WarmStart } from '../vm/warm-start.ts';
import type { Autoscaling } from './autoscaling.ts';
import { DEPLOYMENT_LIMITS, type Strategy } from './strategy.ts';

/**
 * So many VMs of one kind, kept alive. Its replicas are ordinary VMs, named `<name>-1` and so on.
 *
 * What they are made from is a revision. A rollout brings all of them to the revision that is wanted:
 *
 *   progressing --> complete
 *        |              (a newer revision) --> progressing
 *        +--> stopped   (a newer revision) --> progressing
 *
 * progressing  replicas of the wanted revision take the place of the others; while it is paused, nothing is replaced for that
 * complete     all replicas are of the wanted revision and have been available
 * stopped      it came no further within its time: those of the revision before go on, and are kept alive
 */
export interface Deployment {
  readonly id: DeploymentId;
  readonly name: string;
  readonly owner: string;
  readonly description: string;
  readonly labels: Readonly<Record<string, string>>;
  /** How many are wanted; where it scales by itself, that is what is written here. */
  readonly replicas: number;
  readonly strategy: Strategy;
  /** Null: only when somebody asks for it. */
  readonly autoscaling: Autoscaling | null;
  readonly isPaused: boolean;
  /** It goes with the last of its VMs. */
  readonly isDeleting: boolean;
  /** Number of the revision that is wanted. */
  readonly target: number;
  /** Number of the last revision that was rolled out; 0: none yet. */
  readonly stable: number;
  readonly rollout: Rollout;
  /** Replicas that were replaced because they had failed, by their numbers; those of one that keeps well are forgotten. */
  readonly backoffs: readonly SlotBackoff[];
  readonly status: DeploymentStatus;
  /** Rises with each request that changes what is wanted. */
  readonly generation: number;
  /** Rises with each write of the row; compare-and-set on it. */
  readonly revision: number;
  readonly createdAt: EpochMs;
  readonly updatedAt: EpochMs;
}

export const ROLLOUT_STATES = ['progressing', 'complete', 'stopped'] as const;

export interface Rollout {
  readonly state: (typeof ROLLOUT_STATES)[number];
  readonly startedAt: EpochMs;
  /** When it last came further. */
  readonly progressedAt: EpochMs;
  /** Why it was stopped, for people; else null. */
  readonly message: string | null;
}

/** One number that a replica may have, as far as it failed. */
export interface SlotBackoff {
  readonly index: number;
  /** In a row, without having kept well in between. */
  readonly failures: number;
  /** When the next one may be made. */
  readonly retryAt: EpochMs;
  /** Why the last one was replaced. */
  readonly message: string;
}

/** What all replicas of one revision are made from: settled once, like a VM's own spec. */
export interface DeploymentRevision {
  readonly deploymentId: DeploymentId;
  readonly number: number;
  readonly at: EpochMs;
  readonly author: string;
  readonly cause: RevisionCause;
  readonly content: ReplicaContent;
}

/** `from`: number of the revision that it is a copy of. */
export type RevisionCause =
  | { readonly kind: 'created' | 'changed' | 'restarted' }
  | { readonly kind: 'rolled-back'; readonly from: number };

export interface ReplicaContent {
  readonly asked: AskedReplica;
  /** What runs them. */
  readonly driver: string;
  /** What they are made with: what was asked for, the template and defaults together. */
  readonly spec: VmSpec;
  /** Of each VM, those of the template among them. */
  readonly labels: Readonly<Record<string, string>>;
  readonly metadata: JsonObject;
  readonly secrets: readonly SecretGrant[];
  readonly warmStart: WarmStart;
}

/** What was asked for in words, by which a later change goes. */
export interface AskedReplica {
  /** `name` or `name@version`; null: none. */
  readonly template: string | null;
  /** Null: the first there is. */
  readonly driver: string | null;
  readonly spec: Partial<VmSpec>;
  /** `name` or `name@range`, besides those of the template. */
  readonly tools: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
}

/** A VM that is a replica. */
export interface ReplicaOf {
  readonly deploymentId: DeploymentId;
  /** Its number in its name. */
  readonly index: number;
  /** Number of the revision that it was made from. */
  readonly revision: number;
}

/**
 * pending    none of its revisions was rolled out yet
 * scaling    there are more or fewer than are wanted, and nothing is wrong
 * updating   replicas are being replaced by those of another revision
 * running    all that are wanted are available
 * degraded   some are missing because they failed, or cannot be made
 * failed     a rollout was stopped, or none is available because they fail
 * deleting   its VMs are going, and it goes with the last of them
 */
export const DEPLOYMENT_PHASES = [
  'pending',
  'scaling',
  'updating',
  'running',
  'degraded',
  'failed',
  'deleting',
] as const;
export type DeploymentPhase = (typeof DEPLOYMENT_PHASES)[number];

/** What was observed, last. */
export interface DeploymentStatus {
  readonly phase: DeploymentPhase;
  /** The generation that was looked at. */
  readonly observedGeneration: number;
  /** VMs that are there and not going. */
  readonly replicas: number;
  /** Of those: made from the wanted revision; running and healthy; so for long enough to count. */
  readonly updated: number;
  readonly ready: number;
  readonly available: number;
  /** VMs that are being deleted. */
  readonly leaving: number;
  /** Names of the VMs, in the order of their numbers. */
  readonly vms: readonly string[];
  readonly conditions: readonly Condition[];
}

/**
 * available         as many as the strategy lets it have less than are wanted are available
 * progressing       a rollout comes further, or has come to its end
 * replica_failure   replicas could not be made: quota, capacity, a name that is taken
 * crash_looping     replicas fail again and again
 * scaling_limited   of what scales by itself: more are wanted than a quota or the host lets it have
 */
export const CONDITION_TYPES = [
  'available',
  'progressing',
  'replica_failure',
  'crash_looping',
  'scaling_limited',
] as const;
export type ConditionType = (typeof CONDITION_TYPES)[number];

export interface Condition {
  readonly type: ConditionType;
  readonly isTrue: boolean;
  /** Stable, one word. */
  readonly reason: string;
  /** For people. */
  readonly message: string;
  /** When it last became true, or false. */
  readonly since: EpochMs;
}

/** The name of the replica with this number. */
export function replicaName({ name }: Pick<Deployment, 'name'>, index: number): string {
  return `${name}-${index}`;
}

/** Throws `invalid_argument` deployment.invalid_name. */
export function checkDeploymentName(name: string): void {
  if (isVmName(name) && name.length <= DEPLOYMENT_LIMITS.nameLength) return;
  throw new VolaryError(
    'invalid_argument',
    `A deployment's name is that of a VM, with at most ${DEPLOYMENT_LIMITS.nameLength} characters: those of its VMs begin with it.`,
    { reason: 'deployment.invalid_name', details: { field: 'name', pattern: VM_NAME_PATTERN } },
  );
}

/** Throws `invalid_argument` deployment.invalid_replicas. */
export function checkReplicas(replicas: number): void {
  const { minimum, maximum } = DEPLOYMENT_LIMITS.replicas;
  if (Number.isInteger(replicas) && replicas >= minimum && replicas <= maximum) return;
  throw new VolaryError('invalid_argument', `replicas must be a whole number from ${minimum} to ${maximum}.`, {
    reason: 'deployment.invalid_replicas',
    details: { field: 'replicas', minimum, maximum, actual: replicas },
  });
}
