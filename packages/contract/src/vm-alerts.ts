import { type Static, Type } from 'typebox';
import { LIMITS } from './limits.ts';
import { component, nullable } from './schema.ts';

/** Percent, or off; null: as the server has it. */
function threshold(description: string) {
  return Type.Unsafe<number | 'off' | null>({
    anyOf: [{ type: 'integer', ...LIMITS.alertPercent }, { const: 'off' }, { type: 'null' }],
    description: `${description} Null: as the server has it.`,
    examples: [95, 'off'],
  });
}

const fields = {
  cpu_percent: threshold('How busy its processors are when an alert fires, percent of all of them; or off.'),
  memory_percent: threshold('How much of its memory is used, percent; or off.'),
  disk_percent: threshold('How much of the file system of its root is used, percent; or off.'),
  health: Type.Unsafe<'on' | 'off' | null>({
    enum: ['on', 'off', null],
    description: 'Whether one fires when it is unhealthy, or its agent does not answer. Null: as the server has it.',
  }),
};
const EXAMPLE = { cpu_percent: 95, memory_percent: null, disk_percent: 'off', health: null } as const;

export const VmAlerts = component('VmAlerts', fields, {
  description: 'From which figures on alerts about this VM fire, where that is not as the server has it.',
  examples: [EXAMPLE],
});
export type VmAlerts = Static<typeof VmAlerts>;

const VmAlertsRequest = component(
  'VmAlertsRequest',
  {
    cpu_percent: Type.Optional(fields.cpu_percent),
    memory_percent: Type.Optional(fields.memory_percent),
    disk_percent: Type.Optional(fields.disk_percent),
    health: Type.Optional(fields.health),
  },
  {
    description: 'What is to be other than as the server has it; of a VM that there is, other than it is.',
    examples: [{ cpu_percent: 95, disk_percent: 'off' }],
  },
);

/** The thresholds of a VM, in requests. */
export const alertsField = { alerts: Type.Optional(nullable(VmAlertsRequest)) };
