import type {
  CreateDeploymentRequest,
  Deployment as DeploymentDto,
  DeploymentRevision as DeploymentRevisionDto,
  DeploymentStrategy,
  ReplicaRequest,
  UpdateDeploymentRequest,
} from '@volary/contract';
import { AUTOSCALING_DEFAULTS, type Autoscaling } from '../../../domain/deployment/autoscaling.ts';
import type { Deployment, DeploymentRevision } from '../../../domain/deployment/deployment.ts';
import type { Amount, Strategy } from '../../../domain/deployment/strategy.ts';
import { configOf } from '../../../domain/vm/settings.ts';
import type {
  CreateDeploymentRequest as CreateDeployment,
  DeploymentChange,
  ReplicaRequest as Replica,
} from '../../../engine/apis/deployment-api.ts';
import { toIso } from './to-iso.ts';
import { toCreateVm } from './vm-dto.ts';

/** A deployment as `/v1` shows it. */
export function toDeploymentDto(deployment: Deployment): DeploymentDto {
  const { status, rollout } = deployment;
  return {
    id: deployment.id,
    name: deployment.name,
    owner: deployment.owner,
    description: deployment.description,
    labels: deployment.labels,
    phase: deployment.isDeleting ? 'deleting' : status.phase,
    replicas: deployment.replicas,
    current_replicas: status.replicas,
    updated_replicas: status.updated,
    ready_replicas: status.ready,
    available_replicas: status.available,
    leaving_replicas: status.leaving,
    vms: [...status.vms],
    conditions: status.conditions.map(({ type, isTrue, reason, message, since }) => ({
      ...{ type, status: isTrue, reason, message },
      since: toIso(since),
    })),
    strategy: toStrategyDto(deployment.strategy),
    autoscaling: deployment.autoscaling === null ? null : toAutoscalingDto(deployment.autoscaling),
    is_paused: deployment.isPaused,
    target_revision: deployment.target,
    stable_revision: deployment.stable === 0 ? null : deployment.stable,
    rollout: {
      state: rollout.state,
      started_at: toIso(rollout.startedAt),
      progressed_at: toIso(rollout.progressedAt),
      message: rollout.message,
    },
    failures: deployment.backoffs.map(({ index, failures, retryAt, message }) => ({
      ...{ index, failures, message },
      retry_at: toIso(retryAt),
    })),
    generation: deployment.generation,
    observed_generation: status.observedGeneration,
    created_at: toIso(deployment.createdAt),
    updated_at: toIso(deployment.updatedAt),
  };
}

/** A revision with what replicas are made with, in the words of a VM's settings. */
export function toDeploymentRevisionDto({
  number,
  at,
  author,
  cause,
  content,
}: DeploymentRevision): DeploymentRevisionDto {
  const { name: _name, expires_at: _never, ...replica } = configOf({ ...content, name: '', expiry: null });
  const { kind } = cause;
  return {
    number,
    at: toIso(at),
    author,
    cause: kind === 'rolled-back' ? 'changed' : kind,
    replica: { driver: content.driver, ...replica },
  };
}

/** What is asked for by `POST /v1/deployments`. */
export async function toCreateDeployment(body: CreateDeploymentRequest): Promise<CreateDeployment> {
  return {
    name: body.name,
    description: body.description ?? '',
    labels: body.labels ?? {},
    ...(body.replicas === undefined ? {} : { replicas: body.replicas }),
    strategy: toStrategy(body.strategy ?? {}),
    autoscaling: toAutoscaling(body.autoscaling ?? null),
    vm: await toReplica(body.replica ?? {}),
  };
}

/** What is asked for by `PATCH /v1/deployments/{ref}`. */
export async function toDeploymentChange(body: UpdateDeploymentRequest): Promise<DeploymentChange> {
  const { strategy, autoscaling, is_paused: isPaused, replica, ...same } = body;
  return {
    ...same,
    ...(strategy === undefined ? {} : { strategy: toStrategy(strategy) }),
    ...(autoscaling === undefined ? {} : { autoscaling: toAutoscaling(autoscaling) }),
    ...(isPaused === undefined ? {} : { isPaused }),
    ...(replica === undefined ? {} : { vm: await toReplicaChange(replica) }),
  };
}

async function toReplica(body: ReplicaRequest): Promise<Replica> {
  const { name: _name, start: _start, lifetime: _lifetime, ...replica } = await toCreateVm(body);
  return replica;
}

/** With what was said alone. */
async function toReplicaChange(body: ReplicaRequest): Promise<Partial<Replica>> {
  const { labels, metadata, warmStart, ...said } = await toReplica(body);
  return {
    ...said,
    ...(body.labels === undefined ? {} : { labels }),
    ...(body.metadata === undefined ? {} : { metadata }),
    ...(body.warm === undefined ? {} : { warmStart }),
  };
}

function toStrategyDto({
  maxSurge,
  maxUnavailable,
  minReadySeconds,
  progressDeadlineSeconds,
}: Strategy): DeploymentStrategy {
  return {
    max_surge: toAmountDto(maxSurge),
    max_unavailable: toAmountDto(maxUnavailable),
    min_ready_seconds: minReadySeconds,
    progress_deadline_seconds: progressDeadlineSeconds,
  };
}

function toStrategy(asked: Partial<DeploymentStrategy>): Partial<Strategy> {
  const { max_surge: surge, max_unavailable: unavailable } = asked;
  const { min_ready_seconds: minReadySeconds, progress_deadline_seconds: progressDeadlineSeconds } = asked;
  return {
    ...(surge === undefined ? {} : { maxSurge: toAmount(surge) }),
    ...(unavailable === undefined ? {} : { maxUnavailable: toAmount(unavailable) }),
    ...(minReadySeconds === undefined ? {} : { minReadySeconds }),
    ...(progressDeadlineSeconds === undefined ? {} : { progressDeadlineSeconds }),
  };
}

function toAmount(asked: number | string): Amount {
  if (typeof asked === 'number') return { kind: 'count', count: asked };
  return { kind: 'percent', percent: Number(asked.slice(0, -1)) };
}

function toAmountDto(amount: Amount): number | string {
  return amount.kind === 'count' ? amount.count : `${amount.percent}%`;
}

function toAutoscalingDto(autoscaling: Autoscaling): NonNullable<DeploymentDto['autoscaling']> {
  return {
    min_replicas: autoscaling.minReplicas,
    max_replicas: autoscaling.maxReplicas,
    metric: autoscaling.metric,
    target_percent: autoscaling.targetPercent,
    tolerance_percent: autoscaling.tolerancePercent,
    scale_up_seconds: autoscaling.scaleUpSeconds,
    scale_down_seconds: autoscaling.scaleDownSeconds,
  };
}

function toAutoscaling(asked: DeploymentDto['autoscaling']): Autoscaling | null {
  if (asked === null) return null;
  const defaults = AUTOSCALING_DEFAULTS;
  return {
    minReplicas: asked.min_replicas,
    maxReplicas: asked.max_replicas,
    metric: asked.metric ?? defaults.metric,
    targetPercent: asked.target_percent ?? defaults.targetPercent,
    tolerancePercent: asked.tolerance_percent ?? defaults.tolerancePercent,
    scaleUpSeconds: asked.scale_up_seconds ?? defaults.scaleUpSeconds,
    scaleDownSeconds: asked.scale_down_seconds ?? defaults.scaleDownSeconds,
  };
}
