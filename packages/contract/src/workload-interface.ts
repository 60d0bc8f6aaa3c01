import { type Static, Type } from 'typebox';
import { Encoding } from './executions.ts';
import { VmRef } from './ids.ts';
import { component, type Json, jsonObject, object } from './schema.ts';

export const OpenapiDocument = jsonObject({ description: 'An OpenAPI document.', examples: [{ openapi: '3.1.0' }] });

export const VmActionParams = object(
  {
    ref: VmRef,
    name: Type.String({ pattern: '^[a-z0-9]([a-z0-9_-]{0,61}[a-z0-9])?$', description: 'One of its `actions`.' }),
  },
  { description: 'A VM and an action.' },
);

export const ActRequest = component(
  'ActRequest',
  { body: Type.Optional(Type.Unsafe<Json>({ description: 'What is sent along, as JSON.' })) },
  { description: 'What an action is given.', examples: [{ body: { level: 'debug' } }] },
);
export type ActRequest = Static<typeof ActRequest>;

export const WorkloadAnswer = component(
  'WorkloadAnswer',
  {
    status: Type.Integer({ minimum: 200, maximum: 599, description: 'The HTTP status of the workload.' }),
    content_type: Type.String({ description: 'As the workload says; empty: it does not.' }),
    body: Type.String({ description: 'What it answered, at most 4 MiB.' }),
    body_encoding: Encoding,
  },
  {
    description: 'What a workload answered.',
    examples: [{ status: 200, content_type: 'text/plain', body: 'done', body_encoding: 'utf8' }],
  },
);
export type WorkloadAnswer = Static<typeof WorkloadAnswer>;
