import { Type } from 'typebox';
import { AlertKind, AlertPage, AlertState } from '../alerts.ts';
import { VmRef } from '../ids.ts';
import { Limit } from '../parameters.ts';
import { json, route } from '../route.ts';
import { object } from '../schema.ts';

export const listAlerts = route({
  method: 'GET',
  path: '/v1/alerts',
  operationId: 'listAlerts',
  tag: 'metrics',
  summary: 'List what is wrong with VMs, and was, newest first',
  description: 'Each is also an event, `alert.fired` and `alert.resolved`, and a line of the log.',
  permission: 'vm:read',
  query: object(
    {
      limit: Type.Optional(Limit),
      cursor: Type.Optional(
        Type.String({ pattern: '^alert_[0-9a-z]{26}$', description: 'The `next_cursor` of the page before.' }),
      ),
      vm: Type.Optional(VmRef),
      state: Type.Optional(AlertState),
      kind: Type.Optional(AlertKind),
    },
    { description: 'What to list.' },
  ),
  responses: { 200: { description: 'A page, and how many fire.', content: [json(AlertPage)] } },
  errors: { 404: ['vm.unknown'] },
});
