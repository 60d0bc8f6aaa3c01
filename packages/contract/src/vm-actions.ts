import { type Static, Type } from 'typebox';
import { LIMITS } from './limits.ts';
import { component, type Json, stringEnum } from './schema.ts';

export const ACTION_METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;

export const VmAction = component(
  'VmAction',
  {
    description: Type.Optional(
      Type.String({ maxLength: 256, pattern: '^[^\\u0000]*$', description: 'What it does, for people.' }),
    ),
    method: stringEnum(ACTION_METHODS, { description: 'Of the request to the workload.' }),
    path: Type.String({
      maxLength: 2048,
      pattern: '^/[^\\u0000-\\u0020]*$',
      description: "Below the workload's base URL.",
      examples: ['/admin/reload'],
    }),
    timeout_ms: Type.Optional(
      Type.Integer({ ...LIMITS.actions.timeoutMs, description: 'How long it may take. Default: 30000.' }),
    ),
  },
  {
    description: 'An HTTP request that the workload can be told to handle.',
    examples: [{ description: 'Reads its settings anew.', method: 'POST', path: '/admin/reload' }],
  },
);
export type VmAction = Static<typeof VmAction>;

/** By name. */
export const VmActions = Type.Unsafe<Record<string, VmAction>>({
  type: 'object',
  description: 'Requests that can be sent to the workload, by name.',
  maxProperties: LIMITS.actions.count,
  propertyNames: { pattern: '^[a-z0-9]([a-z0-9_-]{0,61}[a-z0-9])?$' },
  additionalProperties: VmAction,
  examples: [{ reload: { method: 'POST', path: '/admin/reload' } }],
});

/** An API description of a workload: the document, or where it is. */
export const OpenapiSource = Type.Unsafe<string | { readonly [key: string]: Json }>({
  anyOf: [
    { type: 'string', maxLength: 2048, pattern: '^(/|https?://)[^\\u0000-\\u0020]*$' },
    { type: 'object', additionalProperties: true },
  ],
  description:
    "The workload's OpenAPI document: itself (at most 64 KiB), a path that the workload serves it at, or a URL, which is fetched once, as JSON or YAML, and shown as the document.",
  examples: ['/openapi.json'],
});
