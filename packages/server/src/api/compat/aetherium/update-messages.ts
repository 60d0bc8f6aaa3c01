import { EVENT_TYPES, type Event, type EventType } from '../../../domain/events.ts';
import { EXECUTION_STATES } from '../../../domain/execution/execution.ts';
import type { JsonObject } from '../../../domain/json.ts';
import { OPERATION_KINDS, OPERATION_STATES } from '../../../domain/operation/operation.ts';
import { VM_PHASES } from '../../../domain/vm/phase.ts';
import { toMoment } from '../moments.ts';
import { uuidIn } from './ids.ts';
import { toExecutionStatus, toStatus, toTaskStatus, toTaskType } from './translate.ts';

export const TOPICS = ['logs', 'tasks', 'vms', 'integrations'] as const;
export type Topic = (typeof TOPICS)[number];

interface Update {
  readonly type: 'task_update' | 'vm_status' | 'integration';
  readonly timestamp: string;
  readonly data: JsonObject;
}

/** With these a VM has another status, or may have. */
const STATUS_EVENTS: ReadonlySet<EventType> = new Set([
  ...(['vm.created', 'vm.provisioning', 'vm.starting', 'vm.started', 'vm.pausing', 'vm.paused'] as const),
  ...(['vm.suspending', 'vm.suspended', 'vm.resuming', 'vm.resumed', 'vm.stopping', 'vm.stopped'] as const),
  ...(['vm.restarting', 'vm.deleting', 'vm.deleted', 'vm.failed'] as const),
]);

export function eventTypesOf(topics: readonly Topic[]): readonly EventType[] {
  return EVENT_TYPES.filter(
    (type) =>
      (topics.includes('tasks') && isOfTask(type)) ||
      (topics.includes('vms') && STATUS_EVENTS.has(type)) ||
      (topics.includes('integrations') && type === 'integration.event'),
  );
}

function isOfTask(type: EventType): boolean {
  return type.startsWith('operation.') || type.startsWith('execution.');
}

/** The event as the socket tells it; null for one that is none of its matters. */
export function toUpdate(event: Event): Update | null {
  if (STATUS_EVENTS.has(event.type)) return toVmStatus(event);
  if (event.type === 'integration.event') return toNotification(event);
  if (event.type.startsWith('operation.')) return toOperationUpdate(event);
  return event.type.startsWith('execution.') ? toExecutionUpdate(event) : null;
}

function toNotification({ at, sequence, data }: Event): Update {
  return { type: 'integration', timestamp: toMoment(at), data: { sequence, ...data } };
}

function toVmStatus({ type, at, sequence, subject, data }: Event): Update | null {
  const phase = VM_PHASES.find((each) => each === data['phase']);
  const id = uuidIn('vm', subject);
  if (id === null) return null;
  const status = type === 'vm.deleted' || phase === undefined ? 'deleted' : toStatus(phase);
  return {
    type: 'vm_status',
    timestamp: toMoment(at),
    data: { sequence, id, name: data['name'] ?? null, status },
  };
}

function toOperationUpdate({ at, sequence, subject, vmId, data }: Event): Update | null {
  const id = uuidIn('op', subject);
  const kind = OPERATION_KINDS.find((each) => each === data['kind']);
  const state = OPERATION_STATES.find((each) => each === data['state']);
  if (id === null || kind === undefined || state === undefined) return null;
  const what = { sequence, id, type: toTaskType(kind), status: toTaskStatus(state), vm_id: uuidIn('vm', vmId) };
  return { type: 'task_update', timestamp: toMoment(at), data: { ...what, error: data['message'] ?? null } };
}

function toExecutionUpdate({ at, sequence, subject, vmId, data }: Event): Update | null {
  const id = uuidIn('exec', subject);
  const state = EXECUTION_STATES.find((each) => each === data['state']);
  if (id === null || state === undefined) return null;
  const what = { sequence, id, type: 'vm:execute', status: toExecutionStatus(state), vm_id: uuidIn('vm', vmId) };
  return { type: 'task_update', timestamp: toMoment(at), data: { ...what, exit_code: data['exit_code'] ?? null } };
}

export function textOf(type: string, data: object): string {
  return JSON.stringify({ type, timestamp: toMoment(Date.now()), data });
}
