import { Type } from 'typebox';
import {
  CreateDeploymentRequest,
  DEPLOYMENT_PHASES,
  Deployment,
  DeploymentPage,
  DeploymentParams,
  DeploymentRevisionPage,
  RollBackDeploymentRequest,
  UpdateDeploymentRequest,
} from '../deployments.ts';
import { LabelSelector, Limit, WaitTimeout } from '../parameters.ts';
import { etagOf, json, jsonBody, LOCATION, route } from '../route.ts';
import { object, stringEnum } from '../schema.ts';
import { EmptyRequest } from '../vms.ts';
import { PLACE_INVALID, PLACE_UNKNOWN } from './vms.ts';

const { ETAG, IF_MATCH } = etagOf(
  'Of what is wanted: it changes with requests, not with what becomes of replicas.',
  '"dep_01kahx6z53f8r9y6m3s2t1v0x3.1"',
);
const UNKNOWN = ['deployment.unknown'] as const;
const CHANGED = ['deployment.changed'] as const;
const DELETING = 'deployment.being_deleted';
const REPLICA_ERRORS = [
  ...(['vm.unknown_image', 'vm.metadata_too_large', 'vm.invalid_metadata', 'secret.invalid_grant'] as const),
  ...(['tool.unknown', 'tool.unknown_version', 'tool.invalid_range', 'tool.invalid_request'] as const),
  ...(['vm.invalid_environment', 'vm.environment_conflict', 'workload.invalid', 'health_check.invalid'] as const),
  ...PLACE_INVALID,
  ...(['deployment.invalid_strategy', 'deployment.invalid_autoscaling', 'deployment.invalid_replicas'] as const),
] as const;
const NO_ROOM = { 429: ['quota.exceeded', 'host.no_memory'], 507: ['host.no_disk'] } as const;
const answered = {
  200: { description: 'The deployment, as it is wanted now.', content: [json(Deployment)], headers: [ETAG] },
};

export const createDeployment = route({
  method: 'POST',
  path: '/v1/deployments',
  operationId: 'createDeployment',
  tag: 'deployments',
  summary: 'Create a deployment',
  description:
    'Answers at once; the VMs are created in the background. If the host or the quota has no room for all of them, none is created, and the error has the figures. Needs `vm:create` as well.',
  permission: 'deployment:create',
  action: 'deployment.create',
  body: jsonBody(CreateDeploymentRequest, { isRequired: true }),
  responses: { 201: { description: 'It is wanted.', content: [json(Deployment)], headers: [ETAG, LOCATION] } },
  keyed: 'stored',
  errors: {
    400: [...REPLICA_ERRORS, 'deployment.invalid_name'],
    404: ['template.unknown', 'secret.unknown', ...PLACE_UNKNOWN, ...UNKNOWN],
    409: ['deployment.name_taken', 'vm.name_taken', 'template.disabled', 'secret.unfit_for_env'],
    422: ['driver.unknown', 'driver.no_such_network_mode', 'driver.no_tools'],
    ...NO_ROOM,
    503: ['tool.unreachable'],
  },
});

export const listDeployments = route({
  method: 'GET',
  path: '/v1/deployments',
  operationId: 'listDeployments',
  tag: 'deployments',
  summary: 'List deployments, in the order they were made',
  permission: 'deployment:read',
  query: object(
    {
      limit: Type.Optional(Limit),
      cursor: Type.Optional(
        Type.String({ pattern: '^dep_[0-9a-z]{26}$', description: 'The `next_cursor` of the page before.' }),
      ),
      selector: Type.Optional(LabelSelector),
    },
    { description: 'What to list.' },
  ),
  responses: { 200: { description: 'A page.', content: [json(DeploymentPage)] } },
  errors: { 400: ['selector.invalid'] },
});

export const getDeployment = route({
  method: 'GET',
  path: '/v1/deployments/{ref}',
  operationId: 'getDeployment',
  tag: 'deployments',
  summary: 'Get a deployment, with what is seen of its replicas',
  permission: 'deployment:read',
  params: DeploymentParams,
  responses: { 200: { description: 'The deployment.', content: [json(Deployment)], headers: [ETAG] } },
  errors: { 404: UNKNOWN },
});

export const waitForDeployment = route({
  method: 'GET',
  path: '/v1/deployments/{ref}/wait',
  operationId: 'waitForDeployment',
  tag: 'deployments',
  summary: 'Wait until a deployment is in a phase',
  description: 'By what was last asked of it. A rollout that was stopped ends the wait.',
  permission: 'deployment:read',
  params: DeploymentParams,
  query: object(
    {
      phase: Type.Optional(
        stringEnum([...DEPLOYMENT_PHASES, 'absent'], {
          description: 'The phase; `absent`: until it is gone with all its VMs. Default: running.',
        }),
      ),
      timeout: Type.Optional(WaitTimeout),
    },
    { description: 'What to wait for.' },
  ),
  responses: {
    200: { description: 'The deployment, in that phase.', content: [json(Deployment)], headers: [ETAG] },
    204: { description: 'It is gone, as was waited for.', content: [] },
  },
  errors: { 404: UNKNOWN, 409: ['deployment.rollout_stopped'], 504: ['deployment.wait_timeout'] },
});

export const updateDeployment = route({
  method: 'PATCH',
  path: '/v1/deployments/{ref}',
  operationId: 'updateDeployment',
  tag: 'deployments',
  summary: 'Scale a deployment, change what its replicas are, pause its rollouts',
  permission: 'deployment:update',
  action: 'deployment.update',
  params: DeploymentParams,
  headers: [IF_MATCH],
  body: jsonBody(UpdateDeploymentRequest, { isRequired: true }),
  responses: answered,
  errors: {
    400: REPLICA_ERRORS,
    404: [...UNKNOWN, 'template.unknown', 'secret.unknown', ...PLACE_UNKNOWN],
    409: [DELETING, 'vm.name_taken', 'template.disabled', 'secret.unfit_for_env'],
    412: CHANGED,
    422: ['driver.unknown', 'driver.no_such_network_mode', 'driver.no_tools'],
    ...NO_ROOM,
    503: ['tool.unreachable'],
  },
});

export const restartDeployment = route({
  method: 'POST',
  path: '/v1/deployments/{ref}/restart',
  operationId: 'restartDeployment',
  tag: 'deployments',
  summary: 'Replace all replicas by new ones of the same kind',
  description: 'By the rules of a rollout: a revision like the last one is rolled out.',
  permission: 'deployment:update',
  action: 'deployment.restart',
  params: DeploymentParams,
  headers: [IF_MATCH],
  body: jsonBody(EmptyRequest, { isRequired: false }),
  responses: answered,
  keyed: 'stored',
  errors: { 404: UNKNOWN, 409: [DELETING], 412: CHANGED },
});

export const rollBackDeployment = route({
  method: 'POST',
  path: '/v1/deployments/{ref}/rollback',
  operationId: 'rollBackDeployment',
  tag: 'deployments',
  summary: 'Roll out an earlier revision',
  description: 'Replicas of it that are still there stay as they are.',
  permission: 'deployment:update',
  action: 'deployment.roll-back',
  params: DeploymentParams,
  headers: [IF_MATCH],
  body: jsonBody(RollBackDeploymentRequest, { isRequired: false }),
  responses: answered,
  keyed: 'stored',
  errors: {
    404: [...UNKNOWN, 'deployment.unknown_revision'],
    409: [DELETING, 'deployment.no_earlier_revision'],
    412: CHANGED,
  },
});

export const listDeploymentRevisions = route({
  method: 'GET',
  path: '/v1/deployments/{ref}/revisions',
  operationId: 'listDeploymentRevisions',
  tag: 'deployments',
  summary: 'List what the replicas were to be, newest first',
  description: 'The last ten, and those in use.',
  permission: 'deployment:read',
  params: DeploymentParams,
  query: object(
    {
      limit: Type.Optional(Limit),
      cursor: Type.Optional(Type.Integer({ minimum: 1, description: 'The `next_cursor` of the page before.' })),
    },
    { description: 'What to list.' },
  ),
  responses: { 200: { description: 'A page.', content: [json(DeploymentRevisionPage)] } },
  errors: { 404: UNKNOWN },
});

export const deleteDeployment = route({
  method: 'DELETE',
  path: '/v1/deployments/{ref}',
  operationId: 'deleteDeployment',
  tag: 'deployments',
  summary: 'Delete a deployment with all its VMs',
  description: 'Twice is as good as once; `GET …/wait?phase=absent` tells when it is gone.',
  permission: 'deployment:delete',
  action: 'deployment.delete',
  params: DeploymentParams,
  headers: [IF_MATCH],
  responses: { 202: { description: 'It is going.', content: [json(Deployment)] } },
  errors: { 404: UNKNOWN, 412: CHANGED },
});
