import { Type } from 'typebox';
import { LabelSelector, Limit, WaitTimeout } from '../parameters.ts';
import { etagOf, json, jsonBody, LOCATION, PREFER, PREFERENCE_APPLIED, route } from '../route.ts';
import { object, stringEnum } from '../schema.ts';
import {
  CreateWorkspaceRequest,
  ExtendWorkspaceRequest,
  UpdateWorkspaceRequest,
  WORKSPACE_STATUSES,
  Workspace,
  WorkspacePage,
  WorkspaceParams,
} from '../workspaces.ts';
import { PLACE_INVALID, PLACE_UNKNOWN } from './vms.ts';

const { ETAG, IF_MATCH } = etagOf(
  'Of what is wanted: it changes with requests, not with what becomes of its VM.',
  '"ws_01kahx6z55f8r9y6m3s2t1v0x5.1"',
);
const UNKNOWN = ['workspace.unknown'] as const;
const AMBIGUOUS = 'workspace.ambiguous_name';
const CHANGED = ['workspace.changed'] as const;
const TIME_ERRORS = ['vm.invalid_expiry', 'workspace.ttl_too_long'] as const;
const answered = {
  200: { description: 'The workspace, as it is now.', content: [json(Workspace)], headers: [ETAG] },
};
const MADE_HEADERS = [ETAG, LOCATION, PREFERENCE_APPLIED];

export const createWorkspace = route({
  method: 'POST',
  path: '/v1/workspaces',
  operationId: 'createWorkspace',
  tag: 'workspaces',
  summary: 'Have a VM of your own for a time, set up for use',
  description:
    'Refused at once like the creation of a VM. Then its VM is made, its repository cloned and its prep steps run, which `setup` shows. `Prefer: wait=N` waits until it runs or has failed.',
  permission: 'workspace:create',
  action: 'workspace.create',
  headers: [PREFER],
  body: jsonBody(CreateWorkspaceRequest, { isRequired: true }),
  responses: {
    201: {
      description: 'It is made, or has failed: `status` says which.',
      content: [json(Workspace)],
      headers: MADE_HEADERS,
    },
    202: { description: 'It is being made.', content: [json(Workspace)], headers: MADE_HEADERS },
  },
  keyed: 'stored',
  errors: {
    400: [
      ...(['workspace.invalid_repository', 'workspace.invalid_prep_steps', 'workspace.unknown_provider'] as const),
      ...(['vm.unknown_image', 'vm.metadata_too_large', 'vm.invalid_metadata', 'secret.invalid_grant'] as const),
      ...(['tool.unknown', 'tool.unknown_version', 'tool.invalid_range', 'tool.invalid_request'] as const),
      ...(['vm.invalid_environment', 'vm.environment_conflict', 'workload.invalid', 'health_check.invalid'] as const),
      ...PLACE_INVALID,
      ...TIME_ERRORS,
    ],
    404: ['template.unknown', 'secret.unknown', ...PLACE_UNKNOWN, ...UNKNOWN],
    409: ['workspace.name_taken', 'template.disabled', 'secret.unfit_for_env'],
    422: ['driver.no_such_network_mode', 'driver.no_tools', 'driver.no_extra_disks', 'driver.no_snapshots'],
    429: ['quota.exceeded', 'host.no_memory', 'network.no_address'],
    503: ['tool.unreachable'],
    507: ['host.no_disk'],
  },
});

export const listWorkspaces = route({
  method: 'GET',
  path: '/v1/workspaces',
  operationId: 'listWorkspaces',
  tag: 'workspaces',
  summary: 'List workspaces, in the order they were made',
  permission: 'workspace:read',
  query: object(
    {
      limit: Type.Optional(Limit),
      cursor: Type.Optional(
        Type.String({ pattern: '^ws_[0-9a-z]{26}$', description: 'The `next_cursor` of the page before.' }),
      ),
      selector: Type.Optional(LabelSelector),
    },
    { description: 'What to list.' },
  ),
  responses: { 200: { description: 'A page.', content: [json(WorkspacePage)] } },
  errors: { 400: ['selector.invalid'] },
});

export const getWorkspace = route({
  method: 'GET',
  path: '/v1/workspaces/{ref}',
  operationId: 'getWorkspace',
  tag: 'workspaces',
  summary: 'Get a workspace, with how far it is',
  permission: 'workspace:read',
  params: WorkspaceParams,
  responses: { 200: { description: 'The workspace.', content: [json(Workspace)], headers: [ETAG] } },
  errors: { 404: UNKNOWN, 409: [AMBIGUOUS] },
});

export const waitForWorkspace = route({
  method: 'GET',
  path: '/v1/workspaces/{ref}/wait',
  operationId: 'waitForWorkspace',
  tag: 'workspaces',
  summary: 'Wait until a workspace is in a status',
  description: 'One that fails meanwhile ends the wait, unless that is what is waited for.',
  permission: 'workspace:read',
  params: WorkspaceParams,
  query: object(
    {
      status: Type.Optional(
        stringEnum([...WORKSPACE_STATUSES, 'absent'], {
          description: 'The status; `absent`: until it is gone with its VM. Default: running.',
        }),
      ),
      timeout: Type.Optional(WaitTimeout),
    },
    { description: 'What to wait for.' },
  ),
  responses: {
    200: { description: 'The workspace, in that status.', content: [json(Workspace)], headers: [ETAG] },
    204: { description: 'It is gone, as was waited for.', content: [] },
  },
  errors: { 404: UNKNOWN, 409: ['workspace.failed', AMBIGUOUS], 504: ['workspace.wait_timeout'] },
});

export const updateWorkspace = route({
  method: 'PATCH',
  path: '/v1/workspaces/{ref}',
  operationId: 'updateWorkspace',
  tag: 'workspaces',
  summary: 'Change what is said of a workspace, and how long it lives',
  description: 'What its VM is, is changed there: `PATCH /v1/vms/{ref}`.',
  permission: 'workspace:update',
  action: 'workspace.update',
  params: WorkspaceParams,
  headers: [IF_MATCH],
  body: jsonBody(UpdateWorkspaceRequest, { isRequired: true }),
  responses: answered,
  errors: {
    400: ['vm.metadata_too_large', 'vm.invalid_metadata', ...TIME_ERRORS],
    404: UNKNOWN,
    409: ['workspace.being_deleted', AMBIGUOUS],
    412: CHANGED,
  },
});

export const extendWorkspace = route({
  method: 'POST',
  path: '/v1/workspaces/{ref}/extend',
  operationId: 'extendWorkspace',
  tag: 'workspaces',
  summary: 'Have a workspace live longer',
  permission: 'workspace:update',
  action: 'workspace.extend',
  params: WorkspaceParams,
  headers: [IF_MATCH],
  body: jsonBody(ExtendWorkspaceRequest, { isRequired: true }),
  responses: answered,
  keyed: 'stored',
  errors: {
    400: TIME_ERRORS,
    404: UNKNOWN,
    409: ['workspace.not_longer', 'workspace.being_deleted', AMBIGUOUS],
    412: CHANGED,
  },
});

export const deleteWorkspace = route({
  method: 'DELETE',
  path: '/v1/workspaces/{ref}',
  operationId: 'deleteWorkspace',
  tag: 'workspaces',
  summary: 'Delete a workspace with its VM',
  description: 'From whatever status. Twice is as good as once; `GET …/wait?status=absent` tells when it is gone.',
  permission: 'workspace:delete',
  action: 'workspace.delete',
  params: WorkspaceParams,
  headers: [IF_MATCH],
  responses: { 202: { description: 'It is going.', content: [json(Workspace)] } },
  errors: { 404: UNKNOWN, 409: [AMBIGUOUS], 412: CHANGED },
});
