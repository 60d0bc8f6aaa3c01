import { type Autoscaling, SCALING_METRICS } from '../../../../domain/deployment/autoscaling.ts';
import {
  CONDITION_TYPES,
  type Condition,
  DEPLOYMENT_PHASES,
  type Deployment,
  type DeploymentRevision,
  type DeploymentStatus,
  type RevisionCause,
  ROLLOUT_STATES,
  type Rollout,
  type SlotBackoff,
} from '../../../../domain/deployment/deployment.ts';
import type { Amount, Strategy } from '../../../../domain/deployment/strategy.ts';
import type { DeploymentRevisionRow, DeploymentRow } from '../rows/deployment-row.ts';
import { readRow } from './damaged-row.ts';
import * as read from './read-value.ts';
import { readContent } from './replica-content.ts';

/** A deployment as a row. */
export function encodeDeployment(deployment: Deployment): DeploymentRow {
  return {
    id: deployment.id,
    name: deployment.name,
    owner: deployment.owner,
    description: deployment.description,
    labels: JSON.stringify(deployment.labels),
    replicas: deployment.replicas,
    strategy: JSON.stringify(deployment.strategy),
    autoscaling: deployment.autoscaling === null ? null : JSON.stringify(deployment.autoscaling),
    is_paused: deployment.isPaused ? 1 : 0,
    is_deleting: deployment.isDeleting ? 1 : 0,
    target: deployment.target,
    stable: deployment.stable,
    rollout: JSON.stringify(deployment.rollout),
    backoffs: JSON.stringify(deployment.backoffs),
    status: JSON.stringify(deployment.status),
    generation: deployment.generation,
    revision: deployment.revision,
    created_at: deployment.createdAt,
    updated_at: deployment.updatedAt,
  };
}

/** The deployment in a row. Throws `data_loss` store.damaged. */
export function decodeDeployment(row: DeploymentRow): Deployment {
  return readRow({ what: 'deployment', id: row.id }, () => ({
    id: deploymentId(row.id, 'id'),
    name: read.text(row.name, 'name'),
    owner: read.text(row.owner, 'owner'),
    description: read.text(row.description, 'description'),
    labels: labels(row.labels, 'labels'),
    replicas: read.count(row.replicas, 'replicas'),
    strategy: strategy(row.strategy, 'strategy'),
    autoscaling: autoscaling(row.autoscaling, 'autoscaling'),
    isPaused: read.flag(row.is_paused, 'is_paused'),
    isDeleting: read.flag(row.is_deleting, 'is_deleting'),
    target: read.count(row.target, 'target'),
    stable: read.count(row.stable, 'stable'),
    rollout: rollout(row.rollout, 'rollout'),
    backoffs: backoffs(row.backoffs, 'backoffs'),
    status: status(row.status, 'status'),
    generation: read.count(row.generation, 'generation'),
    revision: read.count(row.revision, 'revision'),
    createdAt: read.number(row.created_at, 'created_at'),
    updatedAt: read.number(row.updated_at, 'updated_at'),
  }));
}

/** A revision as a row. */
export function encodeDeploymentRevision(revision: DeploymentRevision): DeploymentRevisionRow {
  return {
    deployment_id: revision.deploymentId,
    number: revision.number,
    at: revision.at,
    author: revision.author,
    cause: JSON.stringify(revision.cause),
    template_name: revision.content.spec.template?.name ?? null,
    content: JSON.stringify(revision.content),
  };
}

/** The revision in a row. Throws `data_loss` store.damaged. */
export function decodeDeploymentRevision(row: DeploymentRevisionRow): DeploymentRevision {
  return readRow({ what: 'deployment revision', id: `${row.deployment_id} ${row.number}` }, () => ({
    deploymentId: deploymentId(row.deployment_id, 'deployment_id'),
    number: read.count(row.number, 'number'),
    at: read.number(row.at, 'at'),
    author: read.text(row.author, 'author'),
    cause: cause(row.cause, 'cause'),
    content: content(row.content, 'content'),
  }));
}

const deploymentId = read.id('dep');
const labels = read.json(read.record(read.text));
const content = read.json(readContent);
const texts = read.list(read.text);
const optionalText = read.nullable(read.text);
const rolloutState = read.oneOf(ROLLOUT_STATES);
const phase = read.oneOf(DEPLOYMENT_PHASES);
const conditionType = read.oneOf(CONDITION_TYPES);
const metric = read.oneOf(SCALING_METRICS);
const amountKind = read.oneOf(['count', 'percent']);
const causeKind = read.oneOf(['created', 'changed', 'restarted', 'rolled-back']);

const amount: read.Reader<Amount> = (value, field) => {
  const stored = read.object(value, field);
  return amountKind(stored['kind'], `${field}.kind`) === 'count'
    ? { kind: 'count', count: read.count(stored['count'], `${field}.count`) }
    : { kind: 'percent', percent: read.count(stored['percent'], `${field}.percent`) };
};

const strategy = read.json((value, field): Strategy => {
  const stored = read.object(value, field);
  return {
    maxSurge: amount(stored['maxSurge'], `${field}.maxSurge`),
    maxUnavailable: amount(stored['maxUnavailable'], `${field}.maxUnavailable`),
    minReadySeconds: read.count(stored['minReadySeconds'], `${field}.minReadySeconds`),
    progressDeadlineSeconds: read.count(stored['progressDeadlineSeconds'], `${field}.progressDeadlineSeconds`),
  };
});

const autoscaling = read.nullable(
  read.json((value, field): Autoscaling => {
    const stored = read.object(value, field);
    const count = (name: string): number => read.count(stored[name], `${field}.${name}`);
    return {
      minReplicas: count('minReplicas'),
      maxReplicas: count('maxReplicas'),
      metric: metric(stored['metric'], `${field}.metric`),
      targetPercent: count('targetPercent'),
      tolerancePercent: count('tolerancePercent'),
      scaleUpSeconds: count('scaleUpSeconds'),
      scaleDownSeconds: count('scaleDownSeconds'),
    };
  }),
);

const rollout = read.json((value, field): Rollout => {
  const stored = read.object(value, field);
  return {
    state: rolloutState(stored['state'], `${field}.state`),
    startedAt: read.number(stored['startedAt'], `${field}.startedAt`),
    progressedAt: read.number(stored['progressedAt'], `${field}.progressedAt`),
    message: optionalText(stored['message'], `${field}.message`),
  };
});

const backoffs = read.json(
  read.list((value, field): SlotBackoff => {
    const stored = read.object(value, field);
    return {
      index: read.count(stored['index'], `${field}.index`),
      failures: read.count(stored['failures'], `${field}.failures`),
      retryAt: read.number(stored['retryAt'], `${field}.retryAt`),
      message: read.text(stored['message'], `${field}.message`),
    };
  }),
);

const conditions = read.list((value, field): Condition => {
  const stored = read.object(value, field);
  return {
    type: conditionType(stored['type'], `${field}.type`),
    isTrue: read.boolean(stored['isTrue'], `${field}.isTrue`),
    reason: read.text(stored['reason'], `${field}.reason`),
    message: read.text(stored['message'], `${field}.message`),
    since: read.number(stored['since'], `${field}.since`),
  };
});

const status = read.json((value, field): DeploymentStatus => {
  const stored = read.object(value, field);
  const count = (name: string): number => read.count(stored[name], `${field}.${name}`);
  return {
    phase: phase(stored['phase'], `${field}.phase`),
    observedGeneration: count('observedGeneration'),
    replicas: count('replicas'),
    updated: count('updated'),
    ready: count('ready'),
    available: count('available'),
    leaving: count('leaving'),
    vms: texts(stored['vms'], `${field}.vms`),
    conditions: conditions(stored['conditions'], `${field}.conditions`),
  };
});

const cause = read.json((value, field): RevisionCause => {
  const stored = read.object(value, field);
  const kind = causeKind(stored['kind'], `${field}.kind`);
  return kind === 'rolled-back' ? { kind, from: read.count(stored['from'], `${field}.from`) } : { kind };
});
