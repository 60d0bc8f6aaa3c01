import { VolaryError } from '../../domain/errors.ts';
import type { OperationId, VmId } from '../../domain/ids.ts';
import { isFinal, type Operation } from '../../domain/operation/operation.ts';
import type { Principal } from '../../domain/principal/principal.ts';
import type { Snapshot } from '../../domain/snapshot/snapshot.ts';
import { NO_RESTARTS } from '../../domain/vm/restarts.ts';
import { originWithoutRestore, type Vm, type VmStatus } from '../../domain/vm/vm.ts';
import type { VmObservation } from '../../ports/driver.ts';
import type { Tables } from '../../ports/store.ts';
import { authorise } from '../access/authorise.ts';
import { auditTarget, recordAudit } from '../audit/record-audit.ts';
import { bindKey } from '../idempotency/claims.ts';
import { recallOperation } from '../idempotency/recall.ts';
import { type CancelPlan, planCancel } from '../plans/plan-cancel.ts';
import { findOperation, unknownOperation } from '../queries/find-operation.ts';
import { unknownSnapshot } from '../queries/find-snapshot.ts';
import { unknownVm } from '../queries/find-vm.ts';
import type { Builds } from '../reconcile/builds.ts';
import type { Once } from '../requests.ts';
import { dropInstallation } from '../templates/installing.ts';
import { type DeleteSnapshotDeps, recordDeletion } from './delete-snapshot.ts';
import { operationEvent, vmEvent } from './events.ts';
import { announce, type Change, recordChange } from './request-change.ts';

export type CancelDeps = DeleteSnapshotDeps & {
  /** By the kind of what an operation changes: what ends the work that such operations are by themselves. */
  readonly interruptible: Partial<Readonly<Record<Operation['subject']['kind'], Pick<Builds, 'interrupt'>>>>;
};

/** The operations that unmake what was half-made. */
const UNDOING = {
  'vm.delete': { kind: 'vm.delete', phase: 'deleting', event: 'vm.deleting', desired: { power: 'absent' } },
  'vm.stop': { kind: 'vm.stop', phase: 'stopping', event: 'vm.stopping', desired: { power: 'stopped' } },
} as const satisfies Record<string, Change>;

const SETTLED_EVENTS = {
  running: 'vm.updated',
  paused: 'vm.paused',
  suspended: 'vm.suspended',
  stopped: 'vm.stopped',
} as const;

const NOT_MADE = 'Its start was cancelled before it had a disk.';

/** What the cancelling has come to: the cancelled operation, and the one that unmakes its work, where there is one. */
interface Cancelled {
  readonly operation: Operation;
  readonly undoing: Operation | null;
  readonly vm: Vm | null;
}

/**
 * Cancels an operation: with it, in one transaction, is written what becomes of its VM, so that a server that dies at any
 * moment has either cancelled it or not. The step under way is then interrupted.
 */
export async function cancelOperation(
  deps: CancelDeps,
  principal: Principal,
  id: OperationId,
  { once, signal }: Once & { readonly signal: AbortSignal },
): Promise<Operation> {
  authorise(principal, 'operation:cancel');
  const earlier = await recallOperation(deps, once);
  if (earlier !== null) return earlier;
  const asker = { principal, permission: 'operation:cancel' } as const;
  const seen = requireActive(await findOperation(deps.store, asker, id));
  const observation = seen.subject.kind === 'vm' ? await inspect(deps, seen.subject.id, { signal }) : null;
  const cancelled = await deps.store.transaction(async (tables) => {
    const operation = requireActive(await findOperation(tables, asker, id));
    const done =
      operation.subject.kind === 'vm' && observation !== null
        ? await cancelOnVm(deps, tables, { principal, operation, vmId: operation.subject.id, observation })
        : operation.subject.kind === 'snapshot'
          ? await cancelOnSnapshot(deps, tables, { principal, operation, snapshotId: operation.subject.id })
          : await cancelWork(deps, tables, operation);
    await recordAudit(tables, deps.clock, principal, {
      action: 'operation.cancel',
      target: auditTarget('operation', { id }),
      details: { kind: operation.kind, undone_by: done.undoing?.id ?? null },
    });
    await bindKey(tables, deps.clock, once, { kind: 'operation', id });
    return done;
  });
  tell(deps, cancelled);
  return cancelled.operation;
}

function tell(deps: CancelDeps, { operation, undoing, vm }: Cancelled): void {
  deps.bus.publish('operation', operation.id);
  if (vm !== null) announce(deps, { vm, operation: undoing ?? operation });
  else deps.bus.publish('events', '');
  deps.interruptible[operation.subject.kind]?.interrupt(operation.id);
  if (operation.subject.kind === 'snapshot') {
    deps.interruptSnapshot(operation.subject.id);
    deps.queue.enqueue(`snapshot:${operation.subject.id}`);
  }
}

async function cancelOnVm(
  deps: CancelDeps,
  tables: Tables,
  about: {
    readonly principal: Principal;
    readonly operation: Operation;
    readonly vmId: Vm['id'];
    readonly observation: VmObservation;
  },
): Promise<Cancelled> {
  const { principal, operation, observation } = about;
  const vm = await tables.vms.get(about.vmId);
  if (vm === null) throw unknownVm(about.vmId);
  const plan = planCancel({ vm, operation, observation });
  switch (plan.kind) {
    case 'refuse':
      throw new VolaryError('failed_precondition', `This cannot be cancelled. ${plan.message}`, {
        reason: 'operation.not_cancellable',
        details: { kind: operation.kind },
      });
    case 'undo': {
      const asked = { vm, active: operation, principal, change: UNDOING[plan.by] };
      const undone = await recordChange(deps, tables, asked, (active, by, now) => cancelledBy(active, now, by));
      const ended = await tables.operations.get(operation.id);
      return { operation: requireKnown(ended, operation.id), undoing: undone.operation, vm: undone.vm };
    }
    case 'settle':
    case 'fail':
      return {
        operation: await endOperation(deps, tables, operation),
        undoing: null,
        vm: await leaveAsItIs(deps, tables, { vm, operation, plan }),
      };
    default:
      return plan satisfies never;
  }
}

/** A snapshot that is being made is unmade, like a VM. VMs of a fork are their own operations' business. */
async function cancelOnSnapshot(
  deps: CancelDeps,
  tables: Tables,
  about: { readonly principal: Principal; readonly operation: Operation; readonly snapshotId: Snapshot['id'] },
): Promise<Cancelled> {
  const { principal, operation, snapshotId } = about;
  if (operation.kind !== 'snapshot.create') {
    const message =
      operation.kind === 'vm.fork' ? 'Delete the VMs that it makes instead.' : 'A deletion cannot be taken back.';
    throw new VolaryError('failed_precondition', `This cannot be cancelled. ${message}`, {
      reason: 'operation.not_cancellable',
      details: { kind: operation.kind },
    });
  }
  const snapshot = await tables.snapshots.get(snapshotId);
  if (snapshot === null) throw unknownSnapshot(snapshotId);
  const removal = { snapshot, active: operation, by: principal.name };
  const undone = await recordDeletion(deps, tables, removal, (active, by, now) => cancelledBy(active, now, by));
  const ended = await tables.operations.get(operation.id);
  return { operation: requireKnown(ended, operation.id), undoing: undone.operation, vm: null };
}

/** Of what was being built nothing is kept, nor of a template that was being installed. */
async function cancelWork(deps: CancelDeps, tables: Tables, operation: Operation): Promise<Cancelled> {
  if (operation.subject.kind === 'volume')
    throw new VolaryError('failed_precondition', 'This cannot be cancelled. Delete the volume instead.', {
      reason: 'operation.not_cancellable',
      details: { kind: operation.kind },
    });
  if (operation.kind === 'template.install') await dropInstallation(tables, operation);
  return { operation: await endOperation(deps, tables, operation), undoing: null, vm: null };
}

async function endOperation(deps: CancelDeps, tables: Tables, operation: Operation): Promise<Operation> {
  const now = deps.clock.now();
  const ended = cancelledBy(operation, now, null);
  await tables.operations.update(ended);
  await tables.events.append([operationEvent('operation.cancelled', ended, now)]);
  return ended;
}

/** Wants of the VM what it is seen to be. */
async function leaveAsItIs(
  deps: CancelDeps,
  tables: Tables,
  about: {
    readonly vm: Vm;
    readonly operation: Operation;
    readonly plan: Extract<CancelPlan, { kind: 'settle' | 'fail' }>;
  },
): Promise<Vm> {
  const { vm, operation, plan } = about;
  const now = deps.clock.now();
  const generation = vm.generation + 1;
  const next: Vm = {
    ...vm,
    desired: { power: plan.kind === 'fail' ? 'stopped' : plan.phase, incarnation: vm.incarnation, graceMs: 0 },
    origin: originWithoutRestore(vm),
    status: statusOf(plan, generation, now),
    suspension: plan.kind === 'settle' && plan.phase === 'suspended' ? vm.suspension : null,
    restarts: NO_RESTARTS,
    generation,
    revision: vm.revision + 1,
    updatedAt: now,
  };
  const type = plan.kind === 'fail' ? 'vm.failed' : SETTLED_EVENTS[plan.phase];
  await tables.vms.update(next);
  await tables.events.append([vmEvent(type, next, operation, now, { reason: 'operation.cancelled' })]);
  return next;
}

function statusOf(plan: Extract<CancelPlan, { kind: 'settle' | 'fail' }>, generation: number, now: number): VmStatus {
  if (plan.kind === 'settle') return { phase: plan.phase, since: now };
  const failure = { generation, reason: 'operation.cancelled', message: NOT_MADE, consoleTail: '', at: now };
  return { phase: 'failed', since: now, failure };
}

function cancelledBy(operation: Operation, now: number, undoing: Operation | null): Operation {
  return {
    ...operation,
    state: 'cancelled',
    error: {
      code: 'aborted',
      reason: 'operation.cancelled',
      message:
        undoing === null ? 'It was cancelled.' : `It was cancelled; what it had made is unmade by ${undoing.kind}.`,
      details: undoing === null ? {} : { operation_id: undoing.id },
    },
    completedAt: now,
    progress: null,
    revision: operation.revision + 1,
  };
}

function requireActive(operation: Operation): Operation {
  if (!isFinal(operation.state)) return operation;
  throw new VolaryError('failed_precondition', `The operation is over: it has ${ENDS[operation.state] ?? 'ended'}.`, {
    reason: 'operation.final',
    details: { state: operation.state },
  });
}

const ENDS: Partial<Record<Operation['state'], string>> = {
  succeeded: 'succeeded',
  failed: 'failed',
  cancelled: 'been cancelled',
};

function requireKnown(operation: Operation | null, id: OperationId): Operation {
  if (operation !== null) return operation;
  throw unknownOperation(id);
}

async function inspect(
  { store, drivers }: CancelDeps,
  vmId: VmId,
  options: { readonly signal: AbortSignal },
): Promise<VmObservation | null> {
  const vm = await store.vms.get(vmId);
  return vm === null ? null : await drivers.of(vm).inspect(vmId, options);
}
