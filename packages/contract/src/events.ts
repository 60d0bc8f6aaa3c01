import { type Static, Type } from 'typebox';
import { EXAMPLE_IDS } from './ids.ts';
import { component, enumComponent, jsonObject, nullableString, pageOf, timestamp } from './schema.ts';

export const EVENT_TYPES = [
  'vm.created',
  'vm.updated',
  'vm.provisioning',
  'vm.starting',
  'vm.started',
  'vm.pausing',
  'vm.paused',
  'vm.suspending',
  'vm.suspended',
  'vm.resuming',
  'vm.resumed',
  'vm.stopping',
  'vm.stopped',
  'vm.restarting',
  'vm.expiring',
  'vm.expired',
  'vm.deleting',
  'vm.deleted',
  'vm.failed',
  'vm.health_changed',
  'workload.started',
  'workload.exited',
  'vm.orphan_reaped',
  'vm.warm_start_failed',
  'vm.tools_failed',
  'operation.created',
  'operation.started',
  'operation.succeeded',
  'operation.failed',
  'operation.cancelled',
  'execution.started',
  'execution.completed',
  'image.defined',
  'image.built',
  'image.removed',
  'tool.built',
  'tool.removed',
  'snapshot.created',
  'snapshot.ready',
  'snapshot.failed',
  'snapshot.deleted',
  'webhook.created',
  'webhook.updated',
  'webhook.deleted',
  'webhook.disabled',
  'webhook.events_lost',
  'webhook.test',
  'template.installed',
  'template.enabled',
  'template.disabled',
  'template.deleted',
  'secret.created',
  'secret.updated',
  'secret.deleted',
  'secrets.key_rotated',
  'server.started',
  'server.stopping',
] as const;

export const EventType = enumComponent('EventType', EVENT_TYPES, 'What happened.');
export type EventType = Static<typeof EventType>;

export const EXAMPLE_EVENT = {
  sequence: 12,
  type: 'vm.started',
  at: '2026-01-31T12:00:03.000Z',
  subject: EXAMPLE_IDS.vm,
  vm_id: EXAMPLE_IDS.vm,
  operation_id: EXAMPLE_IDS.operation,
  owner: 'admin',
  data: { name: 'first' },
} as const;

export const Event = component(
  'Event',
  {
    sequence: Type.Integer({
      minimum: 1,
      description: 'Its number in the log. Grows by one, and is never used again.',
    }),
    type: EventType,
    at: timestamp('When.'),
    subject: Type.String({
      description:
        'Id of what it is about: a VM, an operation, an execution, a snapshot, a webhook; or the name of an image.',
    }),
    vm_id: nullableString({ description: 'The VM it concerns, if any.' }),
    operation_id: nullableString({ description: 'The operation it belongs to, if any.' }),
    owner: nullableString({ description: "Whose resource it is about; null: the installation's." }),
    data: jsonObject({ description: 'More about it, by type.' }),
  },
  { description: 'One entry of the ordered log of what happened.', examples: [EXAMPLE_EVENT] },
);
export type Event = Static<typeof Event>;

export const EventPage = pageOf('EventPage', Event, EXAMPLE_EVENT);
export type EventPage = Static<typeof EventPage>;
