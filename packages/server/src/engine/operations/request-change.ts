import { isMutation } from '../../domain/audit/actions.ts';
import { VolaryError } from '../../domain/errors.ts';
import type { EventType, NewEvent } from '../../domain/events.ts';
import type { JsonObject } from '../../domain/json.ts';
import type { Operation, OperationKind } from '../../domain/operation/operation.ts';
import type { Principal } from '../../domain/principal/principal.ts';
import type { TransientPhase } from '../../domain/vm/phase.ts';
import { NO_RESTARTS } from '../../domain/vm/restarts.ts';
import { type Desired, type Origin, originWithoutRestore, type Suspension, type Vm } from '../../domain/vm/vm.ts';
import type { Tables } from '../../ports/store.ts';
import type { Asker } from '../access/require-visible.ts';
import { auditTarget, type Done, recordAudit } from '../audit/record-audit.ts';
import type { EngineDeps } from '../deps.ts';
import { bindKey } from '../idempotency/claims.ts';
import { recallChange } from '../idempotency/recall.ts';
import { findVm } from '../queries/find-vm.ts';
import { admitQuota } from '../quotas/admit-quota.ts';
import type { Accepted, Precondition } from '../requests.ts';
import type { RoomDeps } from '../scheduler/make-room.ts';
import { noteWorkspaceGoes } from '../workspaces/workspace-goes.ts';
import { operationEvent, vmEvent } from './events.ts';

export type OperationDeps = Pick<EngineDeps, 'store' | 'bus' | 'clock' | 'ids' | 'drivers' | 'networks' | 'tracer'> &
  RoomDeps & {
    /** Tells the reconciler that what is wanted of this VM has changed. */
    readonly wake: (vmId: Vm['id']) => void;
  };

/** A change of what is wanted of one VM, as an operation describes it. */
export interface Change {
  readonly kind: OperationKind;
  readonly phase: TransientPhase;
  readonly event: EventType;
  readonly desired: Partial<Desired>;
  /** Why it is to be suspended. */
  readonly suspension?: Suspension;
  /** What the wanted life begins from; absent: what it did before, but for a restore, which is given up. */
  readonly origin?: Origin;
  /** What else the event tells. */
  readonly data?: JsonObject;
  /** What the operation has come to, as far as that is known when it is asked for. */
  readonly result?: JsonObject;
}

/**
 * Writes what is wanted, the operation that will bring it about, and the events that tell of both, in one transaction;
 * then wakes the reconciler. An operation under way on the same VM is cancelled: the newest wish counts.
 *
 * `decide` is the policy: it answers with the change, throws when it may not be asked now, or returns the accepted
 * operation that already does it.
 */
export async function requestChange(
  deps: OperationDeps,
  asked: Asker & { readonly ref: string } & Precondition,
  decide: (vm: Vm, active: Operation | null, tables: Tables) => Change | Accepted | Promise<Change | Accepted>,
): Promise<Accepted> {
  const earlier = await recallChange(deps, asked.once);
  if (earlier !== null) return earlier;
  const { accepted, isNew } = await deps.store.transaction(async (tables) => {
    const vm = await findVm(tables, asked, asked.ref);
    checkRevision(vm, asked);
    const active = await tables.operations.findActive(vm.id);
    const decision = await decide(vm, active, tables);
    const isNew = !('operation' in decision);
    const accepted = isNew
      ? await recordChange(deps, tables, { vm, active, principal: asked.principal, change: decision })
      : decision;
    if (isNew) await recordAudit(tables, deps.clock, asked.principal, doneTo(accepted, decision.data));
    await bindKey(tables, deps.clock, asked.once, { kind: 'operation', id: accepted.operation.id });
    return { accepted, isNew };
  });
  if (isNew) announce(deps, accepted);
  return accepted;
}

/** A change of a VM that was accepted, for the audit; what comes of it, its operation tells. */
export function doneTo({ vm, operation: { id, kind } }: Accepted, data: JsonObject = {}): Done {
  if (!isMutation(kind)) throw new RangeError(`the audit has no word for ${kind}`);
  return { action: kind, target: auditTarget('vm', vm), details: { operation_id: id, ...data } };
}

/** Publishes the hints of an accepted change and wakes the reconciler. */
export function announce(deps: OperationDeps, { vm, operation }: Accepted): void {
  deps.bus.publish('events', '');
  deps.bus.publish('vm', vm.id);
  deps.bus.publish('operation', operation.id);
  deps.wake(vm.id);
}

/** A new operation on a VM, not yet stored. */
export function newOperation(
  deps: Pick<OperationDeps, 'clock' | 'ids' | 'config' | 'tracer'>,
  about: {
    readonly kind: OperationKind;
    readonly subject: Operation['subject'];
    readonly generation: number;
    readonly principal: string;
    /** Of what it changes; absent: whoever asks. */
    readonly owner?: string;
  },
): Operation {
  const now = deps.clock.now();
  return {
    id: deps.ids.create('op'),
    kind: about.kind,
    subject: about.subject,
    generation: about.generation,
    state: 'pending',
    steps: [],
    progress: null,
    result: null,
    error: null,
    principal: about.principal,
    owner: about.owner ?? about.principal,
    createdAt: now,
    startedAt: null,
    completedAt: null,
    deadlineAt: now + deps.config.limits.operationMs,
    trace: deps.tracer?.plan(about.kind, deps.tracer.current()) ?? null,
    revision: 1,
  };
}

/** Writes the change with its operation and its events; `end` is what becomes of the operation that it takes the place of. */
export async function recordChange(
  deps: OperationDeps,
  tables: Tables,
  { vm, active, principal, change }: { vm: Vm; active: Operation | null; principal: Principal; change: Change },
  end: (active: Operation, by: Operation, now: number) => Operation = supersede,
): Promise<Accepted> {
  const now = deps.clock.now();
  const generation = vm.generation + 1;
  if (change.desired.power !== undefined && hasMachine(change.desired.power) && !hasMachine(vm.desired.power)) {
    const { vcpuCount: vcpus, memoryMib } = vm.spec;
    await admitQuota(tables, vm.owner, { vcpus, memoryMib }, deps.config.limits);
  }
  const subject = { kind: 'vm', id: vm.id, name: vm.name } as const;
  const about = { subject, generation, principal: principal.name, owner: vm.owner };
  const operation = { ...newOperation(deps, { kind: change.kind, ...about }), result: change.result ?? null };
  const changed: Vm = {
    ...vm,
    desired: { ...vm.desired, graceMs: 0, ...change.desired },
    origin: change.origin ?? originWithoutRestore(vm),
    restarts: NO_RESTARTS,
    suspension: change.suspension ?? vm.suspension,
    status: { phase: change.phase, since: now, operationId: operation.id, deadlineAt: operation.deadlineAt },
    generation,
    revision: vm.revision + 1,
    updatedAt: now,
  };
  const events: NewEvent[] = [
    operationEvent('operation.created', operation, now),
    vmEvent(change.event, changed, operation, now, { old_phase: vm.status.phase, ...change.data }),
  ];
  if (active !== null) {
    const cancelled = end(active, operation, now);
    await tables.operations.update(cancelled);
    events.unshift(operationEvent('operation.cancelled', cancelled, now));
  }
  if (change.desired.power === 'absent') events.push(...(await noteWorkspaceGoes(tables, vm, now)));
  await tables.operations.insert(operation);
  await tables.vms.update(changed);
  await tables.events.append(events);
  return { vm: changed, operation };
}

/** What is wanted so has processors and memory of the host. */
export function hasMachine(power: Desired['power']): boolean {
  return power === 'running' || power === 'paused';
}

/** Ends an operation, since a newer one takes its place. */
export function supersede(active: Operation, by: Operation, now: number): Operation {
  return {
    ...active,
    state: 'cancelled',
    error: {
      code: 'aborted',
      reason: 'operation.superseded',
      message: `A newer request took its place: ${by.kind}.`,
      details: { operation_id: by.id },
    },
    completedAt: now,
    progress: null,
    revision: active.revision + 1,
  };
}

/** Throws `conflict` vm.changed. */
export function checkRevision(vm: Vm, { revision }: Precondition): void {
  if (revision === undefined || revision === vm.revision) return;
  throw new VolaryError('conflict', 'The VM has changed since you looked at it.', {
    reason: 'vm.changed',
    details: { expected_revision: revision, revision: vm.revision },
  });
}
