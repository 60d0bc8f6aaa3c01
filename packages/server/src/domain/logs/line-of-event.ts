import type { Event, EventType } from '../events.ts';
import type { Json, JsonObject } from '../json.ts';
import type { LogLevel, LogSource, NewLogLine } from './log-line.ts';

const WARNINGS: ReadonlySet<EventType> = new Set([
  'alert.fired',
  ...(['vm.orphan_reaped', 'vm.warm_start_failed', 'vm.tools_failed', 'webhook.disabled'] as const),
  ...([
    'webhook.events_lost',
    'deployment.rollout_stopped',
    'deployment.replica_failed',
    'operation.cancelled',
  ] as const),
]);

/** An event as a line: what happened, of what, and why where it says so. Of a command it says where its output is. */
export function lineOfEvent({ type, at, subject, vmId, owner, operationId, data }: Event): NewLogLine {
  const source = sourceOf(type);
  return {
    ...{ at, source, vmId, owner, operationId },
    level: levelOfEvent(type, data),
    message: [`${type} ${textOf(data['name']) ?? subject}`, textOf(data['message'])].filter(Boolean).join(': '),
    executionId: source === 'execution' ? subject : null,
    fields: { ...data, event: type, subject },
    marks: [],
  };
}

function sourceOf(type: EventType): LogSource {
  if (type.startsWith('operation.')) return 'operation';
  return type.startsWith('execution.') ? 'execution' : 'engine';
}

function levelOfEvent(type: EventType, { to }: JsonObject): LogLevel {
  if (WARNINGS.has(type) || (type === 'vm.health_changed' && to === 'unhealthy')) return 'warn';
  return type.endsWith('.failed') ? 'error' : 'info';
}

function textOf(value: Json | undefined): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}
