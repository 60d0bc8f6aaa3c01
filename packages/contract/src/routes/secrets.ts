import { Type } from 'typebox';
import { LabelSelector, Limit, SecretRefParams } from '../parameters.ts';
import { json, jsonBody, LOCATION, route } from '../route.ts';
import { object } from '../schema.ts';
import { CreateSecretRequest, RotatedKey, Secret, SecretPage, SetSecretRequest } from '../secrets.ts';
import { EmptyRequest } from '../vms.ts';

const UNKNOWN = ['secret.unknown'] as const;

export const createSecret = route({
  method: 'POST',
  path: '/v1/secrets',
  operationId: 'createSecret',
  tag: 'secrets',
  summary: 'Keep a secret',
  description:
    'Its value is encrypted at rest, given to VMs, and never shown. An `Idempotency-Key` is not heeded, since what is kept for one is a digest of the request: a repetition finds the name taken.',
  permission: 'secret:create',
  action: 'secret.create',
  body: jsonBody(CreateSecretRequest, { isRequired: true }),
  responses: { 201: { description: 'Kept.', content: [json(Secret)], headers: [LOCATION] } },
  errors: {
    400: ['secret.invalid_value'],
    409: ['secret.name_taken'],
    429: ['secret.too_many'],
  },
});

export const listSecrets = route({
  method: 'GET',
  path: '/v1/secrets',
  operationId: 'listSecrets',
  tag: 'secrets',
  summary: 'List secrets, in the order they were made',
  description: 'What is known of them, never their values.',
  permission: 'secret:read',
  query: object(
    {
      limit: Type.Optional(Limit),
      cursor: Type.Optional(
        Type.String({ pattern: '^sec_[0-9a-z]{26}$', description: 'The `next_cursor` of the page before.' }),
      ),
      selector: Type.Optional(LabelSelector),
    },
    { description: 'What to list.' },
  ),
  responses: { 200: { description: 'A page.', content: [json(SecretPage)] } },
  errors: { 400: ['selector.invalid'] },
});

export const getSecret = route({
  method: 'GET',
  path: '/v1/secrets/{ref}',
  operationId: 'getSecret',
  tag: 'secrets',
  summary: 'Get what is known of a secret',
  permission: 'secret:read',
  params: SecretRefParams,
  responses: { 200: { description: 'All but its value.', content: [json(Secret)] } },
  errors: { 404: UNKNOWN },
});

export const setSecret = route({
  method: 'PUT',
  path: '/v1/secrets/{ref}',
  operationId: 'setSecret',
  tag: 'secrets',
  summary: 'Give a secret another value',
  description:
    'Commands that are started from then on have it in their variables; files in VMs have it from the next start, restart or wake.',
  permission: 'secret:update',
  action: 'secret.update',
  params: SecretRefParams,
  body: jsonBody(SetSecretRequest, { isRequired: true }),
  responses: { 200: { description: 'Set.', content: [json(Secret)] } },
  errors: { 400: ['secret.invalid_value'], 404: UNKNOWN },
});

export const deleteSecret = route({
  method: 'DELETE',
  path: '/v1/secrets/{ref}',
  operationId: 'deleteSecret',
  tag: 'secrets',
  summary: 'Delete a secret',
  description: 'Refused while VMs are given it; they are named.',
  permission: 'secret:delete',
  action: 'secret.delete',
  params: SecretRefParams,
  responses: { 204: { description: 'Gone.', content: [] } },
  errors: { 404: UNKNOWN, 409: ['secret.in_use'] },
});

export const rotateSecretsKey = route({
  method: 'POST',
  path: '/v1/secrets/rotate-key',
  operationId: 'rotateSecretsKey',
  tag: 'secrets',
  summary: 'Change the key that seals what is stored',
  description:
    'A new key is made, all that is sealed is sealed anew with it, and the old keys are dropped. Repeating it does it again; one that was cut short goes on by itself at the next one.',
  permission: 'sealing-key:rotate',
  action: 'secret.rotate-key',
  body: jsonBody(EmptyRequest, { isRequired: false }),
  responses: { 200: { description: 'Changed.', content: [json(RotatedKey)] } },
  errors: { 409: ['secret.one_key_given', 'secret.rotating'] },
});
