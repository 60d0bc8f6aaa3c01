import { checkAutoscaling } from '../../domain/deployment/autoscaling.ts';
import {
  checkDeploymentName,
  checkReplicas,
  type Deployment,
  type DeploymentRevision,
  type ReplicaContent,
  replicaName,
} from '../../domain/deployment/deployment.ts';
import { checkStrategy, DEFAULT_STRATEGY } from '../../domain/deployment/strategy.ts';
import { VolaryError } from '../../domain/errors.ts';
import { checkLabels } from '../../domain/labels/labels.ts';
import type { Principal } from '../../domain/principal/principal.ts';
import type { Tables } from '../../ports/store.ts';
import { authorise } from '../access/authorise.ts';
import type { CreateDeploymentRequest } from '../apis/deployment-api.ts';
import { recordAudit } from '../audit/record-audit.ts';
import { admitReplicas } from '../deployments/admit-replicas.ts';
import { deploymentEvent, doneToDeployment } from '../deployments/deployment-events.ts';
import { settleContent } from '../deployments/settle-content.ts';
import type { EngineDeps } from '../deps.ts';
import { bindKey } from '../idempotency/claims.ts';
import { recallDeployment } from '../idempotency/recall.ts';
import type { Once } from '../requests.ts';
import { makingRoom } from '../scheduler/make-room.ts';
import { requireUsable } from '../templates/merge-template.ts';
import type { OperationDeps } from './request-change.ts';

export type DeploymentDeps = OperationDeps & Pick<EngineDeps, 'images' | 'tools' | 'queue' | 'documents'>;

/** Stores a deployment with its first revision; its VMs are made by whoever looks after it. Nothing is stored when there is no room for all of them. */
export async function createDeployment(
  deps: DeploymentDeps,
  principal: Principal,
  request: CreateDeploymentRequest,
  { once }: Once = {},
): Promise<Deployment> {
  authorise(principal, 'deployment:create');
  authorise(principal, 'vm:create');
  const earlier = await recallDeployment(deps, once);
  if (earlier !== null) return earlier;
  const deployment = newDeployment(deps, principal, request);
  const content = await settleContent(deps, { principal, owner: deployment.owner }, request.vm);
  await makingRoom(deps, (facts) =>
    deps.store.transaction(async (tables) => {
      await requireUsable(tables, principal, content.spec);
      await tables.deployments.insert(deployment);
      await requireFreeNames(tables, deployment);
      const asked = { owner: deployment.owner, spec: content.spec, count: deployment.replicas };
      await admitReplicas(tables, asked, facts, deps.config.limits);
      await tables.deployments.insertRevision(firstRevision(deployment, principal, content));
      const { createdAt, replicas } = deployment;
      await tables.events.append([
        deploymentEvent('deployment.created', deployment, createdAt, { replicas }),
        deploymentEvent('deployment.rollout_started', deployment, createdAt, { revision: 1 }),
      ]);
      await recordAudit(tables, deps.clock, principal, doneToDeployment('deployment.create', deployment, { replicas }));
      await bindKey(tables, deps.clock, once, { kind: 'deployment', id: deployment.id });
    }),
  );
  announceDeployment(deps, deployment);
  return deployment;
}

/** Has it looked at, and whoever waits for it told. */
export function announceDeployment(
  { bus, queue }: Pick<DeploymentDeps, 'bus' | 'queue'>,
  { id }: Pick<Deployment, 'id'>,
): void {
  bus.publish('events', '');
  bus.publish('deployment', id);
  queue.enqueue(`deployment:${id}`);
}

/** Throws `invalid_argument` deployment.*, vm.invalid_labels. */
function newDeployment(
  { clock, ids }: DeploymentDeps,
  principal: Principal,
  { name, description, labels, autoscaling, strategy, ...request }: CreateDeploymentRequest,
): Deployment {
  const now = clock.now();
  const replicas = request.replicas ?? autoscaling?.minReplicas ?? 1;
  const complete = { ...DEFAULT_STRATEGY, ...strategy };
  checkDeploymentName(name);
  checkReplicas(replicas);
  checkStrategy(complete);
  checkLabels(labels);
  if (autoscaling !== null) checkAutoscaling(autoscaling);
  return {
    id: ids.create('dep'),
    ...{ name, owner: principal.name, description, labels, replicas, strategy: complete, autoscaling },
    isPaused: false,
    isDeleting: false,
    target: 1,
    stable: 0,
    rollout: { state: 'progressing', startedAt: now, progressedAt: now, message: null },
    backoffs: [],
    status: {
      phase: 'pending',
      observedGeneration: 0,
      ...{ replicas: 0, updated: 0, ready: 0, available: 0, leaving: 0, vms: [], conditions: [] },
    },
    generation: 1,
    revision: 1,
    createdAt: now,
    updatedAt: now,
  };
}

function firstRevision(
  { id, createdAt }: Deployment,
  { name }: Principal,
  content: ReplicaContent,
): DeploymentRevision {
  return { deploymentId: id, number: 1, at: createdAt, author: name, cause: { kind: 'created' }, content };
}

/** Throws `already_exists` vm.name_taken when a VM that is not its own has the name of a replica, from `from` on. */
export async function requireFreeNames(
  { vms }: Pick<Tables, 'vms'>,
  deployment: Pick<Deployment, 'id' | 'name' | 'replicas'>,
  from = 1,
): Promise<void> {
  for (let index = from; index <= deployment.replicas; index++) {
    const name = replicaName(deployment, index);
    const vm = await vms.getByName(name);
    if (vm === null || vm.replicaOf?.deploymentId === deployment.id) continue;
    throw new VolaryError('already_exists', `There is a VM named ${name} already.`, {
      reason: 'vm.name_taken',
      details: { field: 'name', name },
    });
  }
}
