import { type Static, Type } from 'typebox';
import { AlertId, EXAMPLE_IDS, VmId } from './ids.ts';
import { component, enumComponent, nullable, nullableString, nullableTimestamp, timestamp } from './schema.ts';

export const ALERT_KINDS = ['cpu', 'memory', 'disk', 'health'] as const;
export const AlertKind = enumComponent(
  'AlertKind',
  ALERT_KINDS,
  '`cpu`, `memory` and `disk`: too much of it is used. `health`: it is unhealthy, or its agent does not answer.',
);
export type AlertKind = Static<typeof AlertKind>;

export const ALERT_STATES = ['firing', 'resolved'] as const;
export const AlertState = enumComponent('AlertState', ALERT_STATES, '`firing`: it is so now. `resolved`: it was.');
export type AlertState = Static<typeof AlertState>;

const EXAMPLE_ALERT = {
  id: EXAMPLE_IDS.alert,
  kind: 'memory',
  state: 'firing',
  vm_id: EXAMPLE_IDS.vm,
  vm_name: 'first',
  owner: 'admin',
  threshold_percent: 90,
  value_percent: 96.5,
  message: '97 % of its memory is used.',
  fired_at: '2026-01-31T12:00:03.000Z',
  resolved_at: null,
} as const;

export const Alert = component(
  'Alert',
  {
    id: AlertId,
    kind: AlertKind,
    state: AlertState,
    vm_id: VmId,
    vm_name: Type.String({ description: 'As the VM was called when it fired.' }),
    owner: Type.String({ description: 'Whose VM it is.' }),
    threshold_percent: nullable(
      Type.Number({ minimum: 0, maximum: 100, description: 'From which on it fires; null of health.' }),
    ),
    value_percent: nullable(Type.Number({ minimum: 0, description: 'What it was when it fired; null of health.' })),
    message: Type.String({ description: 'Why it fired, for people.' }),
    fired_at: timestamp('When it fired.'),
    resolved_at: nullableTimestamp('When it was over.'),
  },
  { description: 'Something that is wrong with a VM, or was.', examples: [EXAMPLE_ALERT] },
);
export type Alert = Static<typeof Alert>;

export const AlertPage = component(
  'AlertPage',
  {
    items: Type.Array(Alert, { description: 'Newest first.' }),
    next_cursor: nullableString({ description: 'For the next page; null on the last one.' }),
    firing: Type.Integer({ minimum: 0, description: 'How many fire, of the VM and the kind that was asked for.' }),
  },
  { description: 'A page of alerts.', examples: [{ items: [EXAMPLE_ALERT], next_cursor: null, firing: 1 }] },
);
export type AlertPage = Static<typeof AlertPage>;
