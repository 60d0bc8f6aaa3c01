import type { EventType, NewEvent } from '../../domain/events.ts';
import type { JsonObject } from '../../domain/json.ts';
import type { Operation } from '../../domain/operation/operation.ts';
import { SYSTEM } from '../../domain/principal/principal.ts';
import type { EpochMs } from '../../domain/time.ts';
import type { Vm } from '../../domain/vm/vm.ts';

/**
 * An event about a VM: its name, phase, generation and incarnation as they are after the change, whether a user or the server itself had asked for it where
 * somebody has, and what else is given.
 */
export function vmEvent(
  type: EventType,
  vm: Vm,
  operation: Operation | null,
  at: EpochMs,
  data: JsonObject = {},
): NewEvent {
  return {
    type,
    at,
    subject: vm.id,
    vmId: vm.id,
    owner: vm.owner,
    operationId: operation?.id ?? null,
    data: {
      ...{ name: vm.name, phase: vm.status.phase, generation: vm.generation, incarnation: vm.incarnation },
      ...(operation === null ? {} : { initiated_by: operation.principal === SYSTEM.name ? 'system' : 'user' }),
      ...data,
    },
  };
}

/** That a VM has another health; `message`: why, where there is more to say than what has become of the VM. */
export function healthEvent(
  before: Pick<Vm, 'health'>,
  vm: Vm,
  operation: Operation | null,
  at: EpochMs,
  message: string | null,
): NewEvent {
  return vmEvent('vm.health_changed', vm, operation, at, {
    // The older words are kept for who knows them.
    ...{ from: before.health, to: vm.health },
    ...{ old_status: before.health, status: vm.health, message },
  });
}

/** An event about an operation: its kind, subject and state, and its error where there is one. */
export function operationEvent(type: EventType, operation: Operation, at: EpochMs): NewEvent {
  const error = operation.error === null ? {} : { reason: operation.error.reason, message: operation.error.message };
  return {
    type,
    at,
    subject: operation.id,
    vmId: operation.subject.kind === 'vm' ? operation.subject.id : null,
    operationId: operation.id,
    owner: operation.owner,
    data: { kind: operation.kind, subject: operation.subject.name, state: operation.state, ...error },
  };
}
