import { Type } from 'typebox';
import { VmRef } from '../ids.ts';
import { Operation, OperationEstimate, OperationKind, OperationPage, OperationState } from '../operations.ts';
import { Limit, OperationParams, WaitTimeout } from '../parameters.ts';
import { json, jsonBody, route } from '../route.ts';
import { object } from '../schema.ts';
import { EmptyRequest } from '../vms.ts';

export const listOperations = route({
  method: 'GET',
  path: '/v1/operations',
  operationId: 'listOperations',
  tag: 'operations',
  summary: 'List operations, newest first',
  permission: 'operation:read',
  query: object(
    {
      limit: Type.Optional(Limit),
      cursor: Type.Optional(
        Type.String({ pattern: '^op_[0-9a-z]{26}$', description: 'The `next_cursor` of the page before.' }),
      ),
      vm: Type.Optional(VmRef),
      state: Type.Optional(OperationState),
      kind: Type.Optional(OperationKind),
    },
    { description: 'What to list.' },
  ),
  responses: { 200: { description: 'A page.', content: [json(OperationPage)] } },
  errors: { 404: ['vm.unknown'] },
});

export const getOperation = route({
  method: 'GET',
  path: '/v1/operations/{id}',
  operationId: 'getOperation',
  tag: 'operations',
  summary: 'Get an operation',
  permission: 'operation:read',
  params: OperationParams,
  responses: { 200: { description: 'The operation.', content: [json(Operation)] } },
  errors: { 404: ['operation.unknown'] },
});

export const estimateOperation = route({
  method: 'GET',
  path: '/v1/operations/{id}/estimate',
  operationId: 'estimateOperation',
  tag: 'operations',
  summary: 'Tell when an operation is expected to be over',
  permission: 'operation:read',
  params: OperationParams,
  responses: { 200: { description: 'When.', content: [json(OperationEstimate)] } },
  errors: { 404: ['operation.unknown'] },
});

export const waitForOperation = route({
  method: 'GET',
  path: '/v1/operations/{id}/wait',
  operationId: 'waitForOperation',
  tag: 'operations',
  summary: 'Wait until an operation is final, or has changed',
  description: 'Answers with the operation as it then is, also when the time is over.',
  permission: 'operation:read',
  params: OperationParams,
  query: object(
    {
      timeout: Type.Optional(WaitTimeout),
      after_revision: Type.Optional(
        Type.Integer({
          minimum: 0,
          description: 'Answer as soon as its revision is above this: to follow it step by step.',
        }),
      ),
    },
    { description: 'How long to wait.' },
  ),
  responses: { 200: { description: 'The operation.', content: [json(Operation)] } },
  errors: { 404: ['operation.unknown'] },
});

export const cancelOperation = route({
  method: 'POST',
  path: '/v1/operations/{id}/cancel',
  operationId: 'cancelOperation',
  tag: 'operations',
  summary: 'Cancel an operation that is not over',
  description:
    'What it had half made is unmade, by an operation that the `details` of its error name: a VM that was being created is deleted, one that was being started is stopped. Else the VM stays as it is.',
  permission: 'operation:cancel',
  action: 'operation.cancel',
  params: OperationParams,
  body: jsonBody(EmptyRequest, { isRequired: false }),
  responses: { 200: { description: 'The operation, which is cancelled.', content: [json(Operation)] } },
  keyed: 'stored',
  errors: { 404: ['operation.unknown'], 409: ['operation.final', 'operation.not_cancellable'] },
});
