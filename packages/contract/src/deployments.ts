import { type Static, Type } from 'typebox';
import { cloudInitField } from './cloud-init.ts';
import { DeploymentCondition, DeploymentFailure, DeploymentRollout } from './deployment-status.ts';
import { extraDisksField } from './extra-disks.ts';
import { DeploymentId, DeploymentName, DeploymentRef, EXAMPLE_IDS, ImageName, TemplateRef } from './ids.ts';
import { LIMITS } from './limits.ts';
import { VmNetworkRequest } from './networks.ts';
import {
  component,
  enumComponent,
  jsonObject,
  nullable,
  nullableInteger,
  object,
  pageOf,
  stringEnum,
  stringMap,
  timestamp,
} from './schema.ts';
import { secretsField } from './secrets.ts';
import { toolsField } from './tools.ts';
import { alertsField } from './vm-alerts.ts';
import { VmRestartPolicy, VmWarmStart } from './vms.ts';
import { workloadFields } from './workload-fields.ts';

export const DEPLOYMENT_PHASES = [
  'pending',
  'scaling',
  'updating',
  'running',
  'degraded',
  'failed',
  'deleting',
] as const;

export const DeploymentPhase = enumComponent(
  'DeploymentPhase',
  DEPLOYMENT_PHASES,
  '`pending`: nothing was rolled out yet; `scaling`: more or fewer are on their way; `updating`: a rollout is under way; `running`: all that are wanted are available; `degraded`: some failed, or cannot be made; `failed`: a rollout was stopped, or none is available; `deleting`: it goes with the last of its VMs.',
);
export type DeploymentPhase = Static<typeof DeploymentPhase>;

/** A count, or percent of the replicas that are wanted. */
function amount(description: string) {
  return Type.Unsafe<number | string>({
    anyOf: [
      { type: 'integer', minimum: 0, maximum: LIMITS.deployments.replicas.maximum },
      { type: 'string', pattern: '^(100|[1-9]?[0-9])%$' },
    ],
    description,
    examples: [1, '25%'],
  });
}

const strategyFields = {
  max_surge: amount(
    'How many replicas there may be beyond those that are wanted, while others take their place: a count, or percent, rounded up. Default: 1.',
  ),
  max_unavailable: amount(
    'How many of those that are wanted may be missing meanwhile: a count, or percent, rounded down. Default: 0.',
  ),
  min_ready_seconds: Type.Integer({
    ...LIMITS.deployments.minReadySeconds,
    description: 'How long a replica has to be ready before it counts as available. Default: 0.',
  }),
  progress_deadline_seconds: Type.Integer({
    ...LIMITS.deployments.progressDeadlineSeconds,
    description: 'A rollout without progress for this time is stopped. Default: 600.',
  }),
};
const EXAMPLE_STRATEGY = { max_surge: 1, max_unavailable: 0, min_ready_seconds: 0, progress_deadline_seconds: 600 };

export const DeploymentStrategy = component('DeploymentStrategy', strategyFields, {
  description: 'How replicas of one revision take the place of another’s.',
  examples: [EXAMPLE_STRATEGY],
});
export type DeploymentStrategy = Static<typeof DeploymentStrategy>;

export const DeploymentStrategyRequest = component(
  'DeploymentStrategyRequest',
  {
    max_surge: Type.Optional(strategyFields.max_surge),
    max_unavailable: Type.Optional(strategyFields.max_unavailable),
    min_ready_seconds: Type.Optional(strategyFields.min_ready_seconds),
    progress_deadline_seconds: Type.Optional(strategyFields.progress_deadline_seconds),
  },
  { description: 'What is to be other than by default, or than it is.', examples: [{ max_surge: '25%' }] },
);

const replicaCount = { minimum: 1, maximum: LIMITS.deployments.replicas.maximum };
const percent = { minimum: 1, maximum: 100 };
const steadySeconds = { minimum: 0, maximum: 3_600 };

export const DeploymentAutoscaling = component(
  'DeploymentAutoscaling',
  {
    min_replicas: Type.Integer({ ...replicaCount, description: 'Never fewer.' }),
    max_replicas: Type.Integer({ ...replicaCount, description: 'Never more.' }),
    metric: Type.Optional(
      stringEnum(['cpu', 'memory'], {
        description:
          '`cpu` (the default): what a replica takes of its processors; `memory`: what its guest uses of its memory.',
      }),
    ),
    target_percent: Type.Optional(
      Type.Integer({ ...percent, description: 'What they are to come to on the average. Default: 70.' }),
    ),
    tolerance_percent: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 100,
        description: 'Tolerance in percent: no scaling within it. Default: 10.',
      }),
    ),
    scale_up_seconds: Type.Optional(
      Type.Integer({ ...steadySeconds, description: 'How long more have to be wanted. Default: 15.' }),
    ),
    scale_down_seconds: Type.Optional(
      Type.Integer({ ...steadySeconds, description: 'How long fewer have to be wanted. Default: 300.' }),
    ),
  },
  {
    description: 'How many replicas there are to be, by how busy they are.',
    examples: [{ min_replicas: 2, max_replicas: 8, metric: 'cpu', target_percent: 70 }],
  },
);
export type DeploymentAutoscaling = Static<typeof DeploymentAutoscaling>;

const labelsField = (description: string) =>
  stringMap({
    description,
    maxProperties: LIMITS.labels.count,
    keyLength: LIMITS.labels.keyLength,
    valueLength: LIMITS.labels.valueLength,
  });

export const ReplicaRequest = component(
  'ReplicaRequest',
  {
    template: Type.Optional(
      Type.String({
        ...TemplateRef,
        description:
          'What each replica is made from: `name@version`, or a name, of which the newest version that is enabled is taken now.',
      }),
    ),
    driver: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 32,
        description: 'What runs them: one of `drivers` in the capabilities. Default: the first.',
        examples: ['qemu'],
      }),
    ),
    image: Type.Optional(ImageName),
    vcpus: Type.Optional(Type.Integer({ ...LIMITS.vcpus, description: 'Virtual CPUs. Default: 1.' })),
    memory_mib: Type.Optional(Type.Integer({ ...LIMITS.memoryMib, description: 'Memory, MiB. Default: 256.' })),
    disk_gib: Type.Optional(
      Type.Integer({ ...LIMITS.diskGib, description: 'Virtual size of the root disk, GiB. Default: 8.' }),
    ),
    network: Type.Optional(VmNetworkRequest),
    restart_policy: Type.Optional(VmRestartPolicy),
    warm: Type.Optional(VmWarmStart),
    ...cloudInitField,
    ...extraDisksField,
    ...workloadFields,
    ...alertsField,
    ...toolsField,
    ...secretsField,
    labels: Type.Optional(labelsField('Labels of each VM, besides those of the template.')),
    metadata: Type.Optional(jsonObject({ description: 'Of each VM; at most 16 KiB as JSON.' })),
  },
  {
    description: 'What each replica is, in the words of a VM’s creation. It may not be suspended or deleted by itself.',
    examples: [{ template: 'nodejs', memory_mib: 512, labels: { tier: 'front' } }],
  },
);
export type ReplicaRequest = Static<typeof ReplicaRequest>;

const requestFields = {
  description: Type.Optional(
    Type.String({ maxLength: LIMITS.deployments.descriptionLength, description: 'For people.' }),
  ),
  labels: Type.Optional(labelsField('Labels of the deployment itself.')),
  replicas: Type.Optional(Type.Integer({ ...LIMITS.deployments.replicas, description: 'How many are wanted.' })),
  strategy: Type.Optional(DeploymentStrategyRequest),
  autoscaling: Type.Optional(nullable(DeploymentAutoscaling)),
};

export const CreateDeploymentRequest = component(
  'CreateDeploymentRequest',
  { name: DeploymentName, ...requestFields, replica: Type.Optional(ReplicaRequest) },
  {
    description: 'A deployment that is wanted. Refused as a whole when there is no room for all of its replicas.',
    examples: [{ name: 'web', replicas: 3, replica: { template: 'nodejs' } }],
  },
);
export type CreateDeploymentRequest = Static<typeof CreateDeploymentRequest>;

export const UpdateDeploymentRequest = component(
  'UpdateDeploymentRequest',
  {
    ...requestFields,
    is_paused: Type.Optional(
      Type.Boolean({
        description: 'True: the rollout is paused and replaces nothing. Failed replicas are still replaced.',
      }),
    ),
    replica: Type.Optional(ReplicaRequest),
  },
  {
    description:
      'What is to be other than it is. Fields of `replica` take the place of those that were asked for; if the replicas would then be made otherwise, that is a new revision, which is rolled out.',
    examples: [{ replicas: 5, replica: { template: 'nodejs@1.1.0' } }],
  },
);
export type UpdateDeploymentRequest = Static<typeof UpdateDeploymentRequest>;

export const RollBackDeploymentRequest = component(
  'RollBackDeploymentRequest',
  {
    revision: Type.Optional(
      Type.Integer({ minimum: 1, description: 'Its number. Default: the last that was rolled out before.' }),
    ),
  },
  { description: 'What to go back to.', examples: [{ revision: 1 }, {}] },
);
export type RollBackDeploymentRequest = Static<typeof RollBackDeploymentRequest>;

const EXAMPLE_DEPLOYMENT = {
  id: EXAMPLE_IDS.deployment,
  name: 'web',
  owner: 'admin',
  description: '',
  labels: { team: 'blue' },
  phase: 'running',
  replicas: 3,
  current_replicas: 3,
  updated_replicas: 3,
  ready_replicas: 3,
  available_replicas: 3,
  leaving_replicas: 0,
  vms: ['web-1', 'web-2', 'web-3'],
  conditions: [],
  strategy: EXAMPLE_STRATEGY,
  autoscaling: null,
  is_paused: false,
  target_revision: 1,
  stable_revision: 1,
  rollout: {
    state: 'complete',
    started_at: '2026-01-31T12:00:00.000Z',
    progressed_at: '2026-01-31T12:00:09.000Z',
    message: null,
  },
  failures: [],
  generation: 1,
  observed_generation: 1,
  created_at: '2026-01-31T12:00:00.000Z',
  updated_at: '2026-01-31T12:00:09.000Z',
} as const;

const count = (description: string) => Type.Integer({ minimum: 0, description });

export const Deployment = component(
  'Deployment',
  {
    id: DeploymentId,
    name: DeploymentName,
    owner: Type.String({ description: 'Who made it, and owns its VMs.' }),
    description: Type.String({ description: 'For people.' }),
    labels: labelsField('Labels of the deployment itself; its VMs have `volary.deployment` with its name.'),
    phase: DeploymentPhase,
    replicas: count('How many are wanted.'),
    current_replicas: count('How many VMs there are that are not going.'),
    updated_replicas: count('Of those: made from the revision that is wanted.'),
    ready_replicas: count('Of those: running, and healthy by their health check.'),
    available_replicas: count('Of those: ready for as long as the strategy asks for.'),
    leaving_replicas: count('VMs that are being deleted.'),
    vms: Type.Array(Type.String(), { description: 'Names of its VMs, by their numbers.' }),
    conditions: Type.Array(DeploymentCondition, { description: 'What was measured, of each type once.' }),
    strategy: DeploymentStrategy,
    autoscaling: nullable(DeploymentAutoscaling),
    is_paused: Type.Boolean({ description: 'Whether its rollouts stand still.' }),
    target_revision: Type.Integer({ minimum: 1, description: 'The revision that is wanted.' }),
    stable_revision: nullableInteger({ minimum: 1, description: 'The last that was rolled out; null: none yet.' }),
    rollout: DeploymentRollout,
    failures: Type.Array(DeploymentFailure, { description: 'Replicas that failed lately.' }),
    generation: Type.Integer({
      minimum: 1,
      description: 'Rises with each request that changes what is wanted; see ETag.',
    }),
    observed_generation: count('The generation by which its VMs were looked at, last.'),
    created_at: timestamp('When it was asked for.'),
    updated_at: timestamp('When this record last changed.'),
  },
  { description: 'So many VMs of one kind, kept alive.', examples: [EXAMPLE_DEPLOYMENT] },
);
export type Deployment = Static<typeof Deployment>;

export const DeploymentPage = pageOf('DeploymentPage', Deployment, EXAMPLE_DEPLOYMENT);
export type DeploymentPage = Static<typeof DeploymentPage>;

const EXAMPLE_REVISION = {
  number: 1,
  at: '2026-01-31T12:00:00.000Z',
  author: 'admin',
  cause: 'created',
  replica: { image: 'base', vcpus: 1, memory_mib: 256 },
} as const;

export const DeploymentRevision = component(
  'DeploymentRevision',
  {
    number: Type.Integer({ minimum: 1, description: 'Counts from 1.' }),
    at: timestamp('When it was made.'),
    author: Type.String({ description: 'Who made it.' }),
    cause: stringEnum(['created', 'changed', 'restarted'], { description: 'What it came from.' }),
    replica: jsonObject({
      description:
        'What replicas are made with, in the words of `GET /v1/vms/{ref}/config`: settled, defaults filled in.',
    }),
  },
  { description: 'What the replicas were to be at some time.', examples: [EXAMPLE_REVISION] },
);
export type DeploymentRevision = Static<typeof DeploymentRevision>;

export const DeploymentRevisionPage = component(
  'DeploymentRevisionPage',
  {
    items: Type.Array(DeploymentRevision),
    next_cursor: nullableInteger({ description: 'Give it back to get the next page; null on the last one.' }),
  },
  { description: 'Revisions, newest first.', examples: [{ items: [EXAMPLE_REVISION], next_cursor: null }] },
);
export type DeploymentRevisionPage = Static<typeof DeploymentRevisionPage>;

export const DeploymentParams = object({ ref: DeploymentRef }, { description: 'A deployment.' });
