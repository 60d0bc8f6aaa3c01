import { json, jsonBody, PREFER, route } from '../route.ts';
import { PruneRequest, SystemHealth, SystemUsage } from '../system.ts';
import { doneOrUnderWay } from './under-way.ts';

export const getSystemUsage = route({
  method: 'GET',
  path: '/v1/system/df',
  operationId: 'getSystemUsage',
  tag: 'system',
  summary: "Show what takes room on the host's disk, and what needs it",
  permission: 'system:read',
  responses: { 200: { description: 'By kind.', content: [json(SystemUsage)] } },
  errors: {},
});

export const getSystemHealth = route({
  method: 'GET',
  path: '/v1/system/health',
  operationId: 'getSystemHealth',
  tag: 'system',
  summary: 'Show how the parts of the server are that work depends on',
  description: 'Also where one of them has failed; `/readyz` answers 503 then.',
  permission: 'system:read',
  responses: { 200: { description: 'Each part.', content: [json(SystemHealth)] } },
  errors: {},
});

export const pruneSystem = route({
  method: 'POST',
  path: '/v1/system/prune',
  operationId: 'pruneSystem',
  tag: 'system',
  summary: 'Remove what nothing needs',
  description:
    "The operation's result says what it was. What is needed is never removed, also if that is asked for meanwhile.",
  permission: 'system:prune',
  action: 'system.prune',
  headers: [PREFER],
  body: jsonBody(PruneRequest, { isRequired: false }),
  responses: doneOrUnderWay('Done'),
  keyed: 'stored',
  errors: { 409: ['operation.cancelled'] },
});
