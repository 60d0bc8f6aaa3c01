import { Type } from 'typebox';
import { VmRef } from '../ids.ts';
import { Limit, VmRefParams } from '../parameters.ts';
import { ETAG, IF_NONE_MATCH, json, jsonBody, PREFERENCE_APPLIED, route } from '../route.ts';
import { object } from '../schema.ts';
import { RollBackVmRequest, UpdateVmRequest, VmConfigState, VmRevisionConfig, VmRevisionPage } from '../vm-config.ts';
import { APPLY_QUERY, CHANGE_HEADERS, UPDATE_ERRORS } from './vms.ts';

const UNKNOWN = ['vm.unknown'] as const;
const STATE = {
  200: {
    description: 'How it is set now.',
    content: [json(VmConfigState)],
    headers: [ETAG, PREFERENCE_APPLIED],
  },
} as const;

export const getVmConfig = route({
  method: 'GET',
  path: '/v1/vms/{ref}/config',
  operationId: 'getVmConfig',
  tag: 'vms',
  summary: 'Get how a VM is set',
  permission: 'vm:read',
  params: VmRefParams,
  headers: [IF_NONE_MATCH],
  responses: {
    200: { description: 'How it is set.', content: [json(VmConfigState)], headers: [ETAG] },
    304: { description: 'It is as you know it.', content: [], headers: [ETAG] },
  },
  errors: { 404: UNKNOWN },
});

export const updateVmConfig = route({
  method: 'PATCH',
  path: '/v1/vms/{ref}/config',
  operationId: 'updateVmConfig',
  tag: 'vms',
  summary: 'Change how a VM is set, and see that',
  description: 'As `PATCH /v1/vms/{ref}`, with another answer.',
  permission: 'vm:update',
  action: 'vm.update',
  params: VmRefParams,
  query: APPLY_QUERY,
  headers: CHANGE_HEADERS,
  body: jsonBody(UpdateVmRequest, { isRequired: true }),
  responses: STATE,
  errors: UPDATE_ERRORS,
});

export const listVmRevisions = route({
  method: 'GET',
  path: '/v1/vms/{ref}/config/history',
  operationId: 'listVmRevisions',
  tag: 'vms',
  summary: 'List the changes of how a VM is set, newest first',
  description: 'The newest 1,000 are kept, as long as the VM.',
  permission: 'vm:read',
  params: VmRefParams,
  query: object(
    {
      limit: Type.Optional(Limit),
      cursor: Type.Optional(
        Type.String({ pattern: '^[0-9]{1,15}$', description: 'The `next_cursor` of the page before.' }),
      ),
    },
    { description: 'What to list.' },
  ),
  responses: { 200: { description: 'A page.', content: [json(VmRevisionPage)] } },
  errors: { 404: UNKNOWN },
});

export const getVmRevision = route({
  method: 'GET',
  path: '/v1/vms/{ref}/config/revisions/{number}',
  operationId: 'getVmRevision',
  tag: 'vms',
  summary: 'Get how a VM was set',
  permission: 'vm:read',
  params: object(
    { ref: VmRef, number: Type.String({ pattern: '^[0-9]{1,15}$', description: 'Number of a revision.' }) },
    { description: 'A revision of a VM.' },
  ),
  responses: { 200: { description: 'The revision.', content: [json(VmRevisionConfig)] } },
  errors: { 404: [...UNKNOWN, 'vm.unknown_revision'] },
});

export const rollBackVm = route({
  method: 'POST',
  path: '/v1/vms/{ref}/config/rollback',
  operationId: 'rollBackVm',
  tag: 'vms',
  summary: 'Roll the configuration back to an earlier revision',
  description:
    'As a change of its own, with a revision of its own. Its image, the size of its disk where that has grown since, and when it is deleted by itself stay as they are.',
  permission: 'vm:update',
  action: 'vm.update',
  params: VmRefParams,
  query: APPLY_QUERY,
  headers: CHANGE_HEADERS,
  body: jsonBody(RollBackVmRequest, { isRequired: true }),
  responses: STATE,
  errors: { ...UPDATE_ERRORS, 404: [...UPDATE_ERRORS[404], 'vm.unknown_revision'] },
});
