import type { Autoscaling } from '../../domain/deployment/autoscaling.ts';
import type { Deployment, DeploymentPhase, DeploymentRevision } from '../../domain/deployment/deployment.ts';
import type { Strategy } from '../../domain/deployment/strategy.ts';
import type { DeploymentId } from '../../domain/ids.ts';
import type { JsonObject } from '../../domain/json.ts';
import type { Principal } from '../../domain/principal/principal.ts';
import type { GrantRequest } from '../../domain/secret/grant.ts';
import type { AskedSpec } from '../../domain/vm/vm-request.ts';
import type { WarmStart } from '../../domain/vm/warm-start.ts';
import type { Once, Page, Unchanged } from '../requests.ts';
import type { Waiting } from './waiting.ts';

/** What each replica is to be, as a VM is asked for. */
export interface ReplicaRequest {
  readonly driver?: string;
  readonly template?: string;
  readonly spec: AskedSpec;
  readonly tools?: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly metadata: JsonObject;
  readonly warmStart: WarmStart;
  readonly secrets?: readonly GrantRequest[];
}

export interface CreateDeploymentRequest {
  readonly name: string;
  readonly description: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Absent: 1, or the least of the autoscaling. */
  readonly replicas?: number;
  readonly strategy: Partial<Strategy>;
  readonly autoscaling: Autoscaling | null;
  readonly vm: ReplicaRequest;
}

/** What is absent stays as it is. */
export interface DeploymentChange {
  readonly description?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly replicas?: number;
  readonly strategy?: Partial<Strategy>;
  readonly autoscaling?: Autoscaling | null;
  readonly isPaused?: boolean;
  /** Makes another revision, if it comes to anything else. */
  readonly vm?: Partial<ReplicaRequest>;
}

/**
 * Sets of VMs that are kept alive. One is referred to by its id or its name; an unknown one is `not_found` deployment.unknown. Each change
 * throws `failed_precondition` deployment.being_deleted, `conflict` deployment.changed.
 */
export interface DeploymentApi {
  /**
   * Needs `vm:create` as well. Throws as a VM's creation does, and `already_exists` deployment.name_taken, vm.name_taken,
   * `invalid_argument` deployment.*, `resource_exhausted` quota.exceeded / host.no_memory / host.no_disk with the figures of all replicas together.
   */
  create(principal: Principal, request: CreateDeploymentRequest, options?: Once): Promise<Deployment>;
  /** Throws as `create`. More replicas than there is room for are none more. */
  update(principal: Principal, ref: string, change: DeploymentChange, options?: Unchanged & Once): Promise<Deployment>;
  /** Replaces all replicas, by the rules of a rollout. */
  restart(principal: Principal, ref: string, options?: Unchanged & Once): Promise<Deployment>;
  /**
   * Rolls out an earlier revision: this one, or without a number the last that was rolled out before. Throws `not_found` deployment.unknown_revision,
   * `failed_precondition` deployment.no_earlier_revision.
   */
  rollBack(
    principal: Principal,
    ref: string,
    options?: Unchanged & Once & { readonly to?: number },
  ): Promise<Deployment>;
  /** Goes with all its VMs. Twice is as good as once. */
  delete(principal: Principal, ref: string, options?: Unchanged): Promise<Deployment>;
  get(principal: Principal, ref: string): Promise<Deployment>;
  list(
    principal: Principal,
    request: { readonly limit: number; readonly after: DeploymentId | null; readonly selector?: string },
  ): Promise<Page<Deployment, DeploymentId>>;
  /** Newest first. */
  revisions(
    principal: Principal,
    ref: string,
    request: { readonly limit: number; readonly after: number | null },
  ): Promise<Page<DeploymentRevision, number>>;
  /**
   * Resolves when it is in this phase, by what was last asked of it, or is gone while `absent` is waited for (then with null). Throws
   * `deadline_exceeded` deployment.wait_timeout, `failed_precondition` deployment.rollout_stopped.
   */
  wait(
    principal: Principal,
    ref: string,
    phase: DeploymentPhase | 'absent',
    waiting: Waiting,
  ): Promise<Deployment | null>;
}
