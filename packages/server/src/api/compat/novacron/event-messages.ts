import type { Event, EventType } from '../../../domain/events.ts';
import { toMoment } from '../moments.ts';
import { statusOfPhase } from './translate.ts';

/** Those after which a VM may be something else. */
export const STATUS_EVENTS = [
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
  'vm.deleting',
  'vm.deleted',
  'vm.failed',
] as const satisfies readonly EventType[];

/** The event as it is sent; null for one after which a VM is what it was. */
export function toEventText(event: Event): string | null {
  const message = toMessage(event);
  return message === null ? null : JSON.stringify(message);
}

function toMessage({ type, at, sequence, vmId, data }: Event) {
  const oldStatus = type === 'vm.deleted' ? 'deleting' : statusOfPhase(data['old_phase']);
  const newStatus = type === 'vm.deleted' ? 'deleted' : statusOfPhase(data['phase']);
  const isMove = type === 'vm.created' || (oldStatus !== null && oldStatus !== newStatus);
  if (!isMove || newStatus === null) return null;
  return {
    type: 'vm.status.changed',
    timestamp: toMoment(at),
    sequence,
    data: { vm_id: vmId, old_status: oldStatus, new_status: newStatus, reason: reasonOf(data) },
  };
}

const CAUSES: Readonly<Record<string, string>> = {
  'powered-off': 'guest_initiated',
  rebooted: 'guest_initiated',
  'restart-policy': 'restart_policy',
};

function reasonOf({ cause, reason, initiated_by: by }: Event['data']): string {
  if (typeof cause === 'string' && CAUSES[cause] !== undefined) return CAUSES[cause];
  if (typeof reason === 'string' && reason !== 'requested') return reason;
  return by === 'user' ? 'user_initiated' : 'system_initiated';
}
