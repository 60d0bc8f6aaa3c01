import { Type } from 'typebox';
import {
  ApiKey,
  ApiKeyPage,
  ApiKeyParams,
  ApiKeyWithSecret,
  CreateApiKeyRequest,
  UpdateApiKeyRequest,
} from '../api-keys.ts';
import { LabelSelector, Limit } from '../parameters.ts';
import { json, jsonBody, LOCATION, route } from '../route.ts';
import { object } from '../schema.ts';
import { UserName } from '../users.ts';

export const createApiKey = route({
  method: 'POST',
  path: '/v1/api-keys',
  operationId: 'createApiKey',
  tag: 'users',
  summary: 'Make an API key',
  description:
    'It may do no more than its owner and than the asker. The same request with the same `Idempotency-Key` makes the same key with another text, until it is used.',
  permission: 'api-key:create',
  action: 'api-key.create',
  body: jsonBody(CreateApiKeyRequest, { isRequired: true }),
  responses: {
    201: {
      description: 'Made. The only answer that shows the key.',
      content: [json(ApiKeyWithSecret)],
      headers: [LOCATION],
    },
  },
  keyed: 'untold',
  errors: {
    400: ['api_key.invalid_expiry', 'role.invalid_permission'],
    403: ['access.cannot_grant'],
    404: ['user.unknown'],
    429: ['api_key.too_many'],
  },
});

export const listApiKeys = route({
  method: 'GET',
  path: '/v1/api-keys',
  operationId: 'listApiKeys',
  tag: 'users',
  summary: "List API keys: one's own, or with the right to, everybody's",
  permission: 'api-key:read',
  query: object(
    {
      limit: Type.Optional(Limit),
      cursor: Type.Optional(
        Type.String({ pattern: '^key_[0-9a-z]{26}$', description: 'The `next_cursor` of the page before.' }),
      ),
      owner: Type.Optional(UserName),
      selector: Type.Optional(LabelSelector),
    },
    { description: 'What to list.' },
  ),
  responses: { 200: { description: 'A page.', content: [json(ApiKeyPage)] } },
  errors: { 400: ['selector.invalid'] },
});

export const getApiKey = route({
  method: 'GET',
  path: '/v1/api-keys/{id}',
  operationId: 'getApiKey',
  tag: 'users',
  summary: 'Get an API key, without its text',
  permission: 'api-key:read',
  params: ApiKeyParams,
  responses: { 200: { description: 'The key.', content: [json(ApiKey)] } },
  errors: { 404: ['api_key.unknown'] },
});

export const updateApiKey = route({
  method: 'PATCH',
  path: '/v1/api-keys/{id}',
  operationId: 'updateApiKey',
  tag: 'users',
  summary: 'Change what an API key is called, and its labels',
  description: 'What it may do, and until when, is said when it is made.',
  permission: 'api-key:update',
  action: 'api-key.update',
  params: ApiKeyParams,
  body: jsonBody(UpdateApiKeyRequest, { isRequired: true }),
  responses: { 200: { description: 'The key as it now is.', content: [json(ApiKey)] } },
  errors: { 404: ['api_key.unknown'] },
});

export const deleteApiKey = route({
  method: 'DELETE',
  path: '/v1/api-keys/{id}',
  operationId: 'deleteApiKey',
  tag: 'users',
  summary: 'Revoke an API key, at once',
  permission: 'api-key:delete',
  action: 'api-key.delete',
  params: ApiKeyParams,
  responses: { 204: { description: 'Revoked.', content: [] } },
  errors: { 404: ['api_key.unknown'] },
});
