/**
 * The one writer of a VM's status. Each function is one transaction: the row, its operation and the events that tell
 * of the change, or nothing. Rows are compared-and-set on their revision: a `conflict` means that somebody has asked
 * for something else meanwhile, and the reconciler simply looks again.
 */
import type { VolaryError } from '../../domain/errors.ts';
import type { EventType, NewEvent } from '../../domain/events.ts';
import type { JsonObject } from '../../domain/json.ts';
import type { Operation, OperationProgress } from '../../domain/operation/operation.ts';
import { SYSTEM } from '../../domain/principal/principal.ts';
import { isTransient, type SettledPhase, type VmPhase } from '../../domain/vm/phase.ts';
import { NO_RESTARTS, type Restarts } from '../../domain/vm/restarts.ts';
import { originWithoutRestore, type Suspension, type Vm } from '../../domain/vm/vm.ts';
import type { Tables } from '../../ports/store.ts';
import { auditTarget, recordAudit } from '../audit/record-audit.ts';
import type { EngineDeps } from '../deps.ts';
import { healthEvent, operationEvent, vmEvent } from '../operations/events.ts';
import type { VmStep } from '../plans/plan-vm.ts';
import type { NextRestart } from '../plans/restart-policy.ts';
import { executionEvent } from '../sessions/execution-events.ts';
import type { StepResult } from '../steps/step.ts';
import { removeWorkspace } from '../workspaces/workspace-goes.ts';
import { beginStep, closeSteps, endStep } from './operation-steps.ts';

type WriterDeps = Pick<EngineDeps, 'store' | 'bus' | 'clock'>;

/** A VM together with the operation under way on it. */
export interface Work {
  readonly vm: Vm;
  readonly operation: Operation | null;
}

/** Why a VM has failed, and what its restart policy makes of that. */
interface FailureFacts {
  readonly error: VolaryError;
  readonly consoleTail: string;
  readonly restart: NextRestart | null;
}

/** What is to be written in one go. */
interface Writing {
  readonly work: Work;
  readonly vm?: Partial<Vm>;
  readonly operation?: Partial<Operation>;
  /** Besides that of another health. */
  readonly events: (vm: Vm, operation: Operation | null, now: number) => readonly NewEvent[];
  /** Why its health is another one, where there is more to say than what has become of the VM. */
  readonly healthMessage?: string | null;
}

async function write(
  deps: WriterDeps,
  { work, vm, operation, events, healthMessage = null }: Writing,
  also?: (tables: Tables) => Promise<void>,
): Promise<Work> {
  const now = deps.clock.now();
  const nextVm = vm === undefined ? work.vm : { ...work.vm, ...vm, revision: work.vm.revision + 1, updatedAt: now };
  const nextOperation =
    operation === undefined || work.operation === null
      ? work.operation
      : { ...work.operation, ...operation, revision: work.operation.revision + 1 };
  const isHealthNew = nextVm.health !== work.vm.health;
  const told = [
    ...(isHealthNew ? [healthEvent(work.vm, nextVm, nextOperation, now, healthMessage)] : []),
    ...events(nextVm, nextOperation, now),
  ].map((event) => withOldPhase(event, work.vm, nextVm));
  await deps.store.transaction(async (tables) => {
    if (nextVm !== work.vm) await tables.vms.update(nextVm);
    if (nextOperation !== null && nextOperation !== work.operation) await tables.operations.update(nextOperation);
    if (told.length > 0) await tables.events.append(told);
    await also?.(tables);
  });
  publish(deps, { vm: nextVm, operation: nextOperation }, told.length > 0);
  return { vm: nextVm, operation: nextOperation };
}

/** What tells of a new phase tells of the one before as well. */
function withOldPhase(event: NewEvent, before: Vm, after: Vm): NewEvent {
  const isMove = before.status.phase !== after.status.phase;
  if (!isMove || event.subject !== after.id) return event;
  return { ...event, data: { ...event.data, old_phase: before.status.phase } };
}

function publish({ bus }: WriterDeps, { vm, operation }: Work, hasEvents: boolean): void {
  if (hasEvents) bus.publish('events', '');
  bus.publish('vm', vm.id);
  if (operation !== null) bus.publish('operation', operation.id);
}

/** Writes that a step begins: the operation runs, and the VM is in the step's phase. */
export async function writeStepBegin(deps: WriterDeps, work: Work, step: VmStep, phase: VmPhase): Promise<Work> {
  const { vm, operation } = work;
  const now = deps.clock.now();
  const isMove = phase !== vm.status.phase;
  return await write(deps, {
    work,
    ...(isTransient(phase) && operation !== null && isMove
      ? { vm: { status: { phase, since: now, operationId: operation.id, deadlineAt: operation.deadlineAt } } }
      : {}),
    operation: {
      state: 'running',
      startedAt: operation?.startedAt ?? now,
      steps: beginStep(operation?.steps ?? [], step, now),
      progress: null,
    },
    events: (nextVm, nextOperation, at) => [
      ...(nextOperation !== null && operation?.state === 'pending'
        ? [operationEvent('operation.started', nextOperation, at)]
        : []),
      ...(isMove && nextVm !== vm ? phaseEvents(nextVm, nextOperation, at) : []),
    ],
  });
}

/** Writes how far the step under way is. */
export async function writeProgress(deps: WriterDeps, work: Work, progress: OperationProgress): Promise<Work> {
  return await write(deps, { work, operation: { progress }, events: () => [] });
}

/** Writes that the step under way has been done, and what it has learnt. */
export async function writeStepDone(deps: WriterDeps, work: Work, result: StepResult): Promise<Work> {
  return await write(deps, {
    work,
    vm: result,
    operation: { steps: endStep(work.operation?.steps ?? [], 'succeeded', null, deps.clock.now()), progress: null },
    events: () => [],
  });
}

/** Writes that the step under way has failed; what follows from it is another matter. */
export async function writeStepFailed(deps: WriterDeps, work: Work, message: string): Promise<Work> {
  return await write(deps, {
    work,
    operation: { steps: endStep(work.operation?.steps ?? [], 'failed', message, deps.clock.now()), progress: null },
    events: () => [],
  });
}

/** Writes that what was wanted is so; the operation has succeeded. */
export async function writeSettled(
  deps: WriterDeps,
  work: Work,
  phase: Exclude<SettledPhase, 'failed'>,
  facts: Partial<Pick<Vm, 'pid' | 'handle' | 'suspension' | 'machine'>>,
): Promise<Work> {
  const { vm, operation } = work;
  const isMove = vm.status.phase !== phase;
  if (!isMove && operation === null) return work;
  const now = deps.clock.now();
  return await write(deps, {
    work,
    ...(isMove ? { vm: { ...facts, status: { phase, since: now } } } : {}),
    operation: {
      state: 'succeeded',
      completedAt: now,
      startedAt: operation?.startedAt ?? now,
      steps: closeSteps(operation?.steps ?? [], now),
      progress: null,
    },
    events: (nextVm, nextOperation, at) => [
      ...(isMove ? [vmEvent(settledEvent(vm, phase), nextVm, nextOperation, at, settledData(nextVm))] : []),
      ...(nextOperation === null ? [] : [operationEvent('operation.succeeded', nextOperation, at)]),
    ],
  });
}

/** Writes that the VM has failed, with why, the console's last lines, and the restart that follows; the operation has too. */
export async function writeFailed(
  deps: WriterDeps,
  work: Work,
  { error, consoleTail, restart }: FailureFacts,
): Promise<Work> {
  const { vm, operation } = work;
  const now = deps.clock.now();
  const failure = { generation: vm.generation, reason: error.reason, message: error.message, consoleTail, at: now };
  return await write(deps, {
    work,
    vm: { status: { phase: 'failed', since: now, failure }, health: 'unknown', restarts: restartsAfter(restart, now) },
    operation: failedOperation(operation, error, now),
    events: (nextVm, nextOperation, at) => [
      vmEvent('vm.failed', nextVm, nextOperation, at, {
        reason: error.reason,
        message: error.message,
        ...restartData(restart),
      }),
      ...(nextOperation === null ? [] : [operationEvent('operation.failed', nextOperation, at)]),
    ],
  });
}

/** Writes that only the operation has failed: what is wanted is again what the machine does. */
export async function writeGivenBack(
  deps: WriterDeps,
  work: Work,
  error: VolaryError,
  power: 'running' | 'paused' | 'suspended' | 'stopped',
): Promise<Work> {
  const { vm, operation } = work;
  const now = deps.clock.now();
  return await write(deps, {
    work,
    vm: {
      desired: { ...vm.desired, power, incarnation: vm.incarnation },
      origin: originWithoutRestore(vm),
      suspension: power === 'suspended' ? vm.suspension : null,
      status: { phase: power, since: now },
    },
    operation: failedOperation(operation, error, now),
    events: (nextVm, nextOperation, at) => [
      vmEvent('vm.updated', nextVm, nextOperation, at, { reason: error.reason }),
      ...(nextOperation === null ? [] : [operationEvent('operation.failed', nextOperation, at)]),
    ],
  });
}

/** Writes what is in the way of waking the VM now, or that nothing is any more. */
export async function writeSuspension(deps: WriterDeps, { vm }: Work, suspension: Suspension): Promise<Work> {
  return await write(deps, {
    work: { vm, operation: null },
    vm: { suspension },
    events: (nextVm, _operation, at) => [vmEvent('vm.updated', nextVm, null, at, { problem: suspension.problem })],
  });
}

/** Writes that the guest has ended its life by itself, in order: it stays stopped until somebody starts it. */
export async function writeStoppedByItself(deps: WriterDeps, work: Work): Promise<Work> {
  const { vm } = work;
  return await write(deps, {
    work,
    vm: { desired: { ...vm.desired, power: 'stopped', graceMs: 0 } },
    events: (nextVm, nextOperation, at) => [
      vmEvent('vm.stopping', nextVm, nextOperation, at, { cause: 'powered-off' }),
    ],
  });
}

/** Writes that the guest has powered its machine off, and that the restart policy has it come back. */
export async function writePoweredOff(deps: WriterDeps, work: Work, restart: NextRestart): Promise<Work> {
  const now = deps.clock.now();
  return await write(deps, {
    work,
    vm: { status: { phase: 'stopped', since: now }, health: 'unknown', restarts: restartsAfter(restart, now) },
    events: (nextVm, nextOperation, at) => [
      vmEvent('vm.stopped', nextVm, nextOperation, at, { cause: 'powered-off', ...restartData(restart) }),
    ],
  });
}

/** Writes that the next life begins by itself; `operation` is the system's own, for when there is none under way. */
export async function writeNextLife(
  deps: WriterDeps,
  work: Work,
  operation: Operation,
  cause: 'rebooted' | 'restart-policy',
): Promise<Work> {
  const { vm } = work;
  const now = deps.clock.now();
  const isNew = work.operation === null;
  const started = work.operation ?? operation;
  return await write(
    deps,
    {
      work: { vm, operation: started },
      vm: {
        desired: { ...vm.desired, power: 'running', incarnation: vm.incarnation + 1, graceMs: 0 },
        status: { phase: 'restarting', since: now, operationId: started.id, deadlineAt: started.deadlineAt },
        restarts: { ...vm.restarts, at: null },
      },
      events: (nextVm, nextOperation, at) => [
        ...(isNew ? [operationEvent('operation.created', started, at)] : []),
        vmEvent('vm.restarting', nextVm, nextOperation, at, { cause }),
      ],
    },
    isNew
      ? async (tables) => {
          await tables.operations.insert(operation);
          const details = { operation_id: operation.id, cause };
          const done = { action: 'vm.restart', target: auditTarget('vm', vm), details } as const;
          await recordAudit(tables, deps.clock, SYSTEM, done);
        }
      : undefined,
  );
}

/** Removes the VM's row with what belongs to it: nothing is left of it but its operations and events. */
export async function writeGone(deps: WriterDeps, { vm, operation }: Work): Promise<void> {
  const now = deps.clock.now();
  const done: Operation | null =
    operation === null
      ? null
      : {
          ...operation,
          state: 'succeeded',
          completedAt: now,
          steps: closeSteps(operation.steps, now),
          progress: null,
          revision: operation.revision + 1,
        };
  await deps.store.transaction(async (tables) => {
    if (done !== null) await tables.operations.update(done);
    const lost = await tables.executions.listActive({ vmId: vm.id });
    await tables.executions.deleteOfVm(vm.id);
    await tables.vmRevisions.delete(vm.id);
    await tables.vms.delete(vm.id, vm.revision);
    const goneWith = await removeWorkspace(tables, vm, now);
    await tables.events.append([
      ...lost.map((execution) => executionEvent('execution.completed', { ...execution, state: 'lost' }, now)),
      vmEvent('vm.deleted', vm, done, now),
      ...goneWith,
      ...(done === null ? [] : [operationEvent('operation.succeeded', done, now)]),
    ]);
  });
  publish(deps, { vm, operation: done }, true);
  if (vm.spec.network.mode === 'bridge') deps.bus.publish('networks', vm.id);
}

/** Writes how the guest is, with why, where there is more to say than whether its agent answers. */
export async function writeHealth(
  deps: WriterDeps,
  work: Work,
  health: Vm['health'],
  message: string | null = null,
): Promise<Work> {
  return await write(deps, {
    work: { vm: work.vm, operation: null },
    vm: { health },
    healthMessage: message,
    events: () => [],
  });
}

function restartsAfter(restart: NextRestart | null, now: number): Restarts {
  return restart === null ? NO_RESTARTS : { count: restart.count, at: now + restart.delayMs };
}

function restartData(restart: NextRestart | null): JsonObject {
  return restart === null ? {} : { restart_in_ms: restart.delayMs, restart_count: restart.count };
}

function failedOperation(operation: Operation | null, error: VolaryError, now: number): Partial<Operation> {
  return {
    state: 'failed',
    completedAt: now,
    steps: closeSteps(operation?.steps ?? [], now),
    progress: null,
    error: { code: error.code, reason: error.reason, message: error.message, details: error.details },
  };
}

const PHASE_EVENTS: Partial<Record<VmPhase, EventType>> = {
  provisioning: 'vm.provisioning',
  starting: 'vm.starting',
  pausing: 'vm.pausing',
  suspending: 'vm.suspending',
  resuming: 'vm.resuming',
  stopping: 'vm.stopping',
  restarting: 'vm.restarting',
  deleting: 'vm.deleting',
};

/** The phase that a request brings is announced by it; one that is come back to later is announced again. */
function phaseEvents(vm: Vm, operation: Operation | null, at: number): readonly NewEvent[] {
  const type = PHASE_EVENTS[vm.status.phase];
  return type === undefined ? [] : [vmEvent(type, vm, operation, at)];
}

/** Why it is suspended, and where one that runs is found, is told together with its being so. */
function settledData({ status, suspension, ip }: Vm): JsonObject {
  if (status.phase === 'running') return { ip };
  if (status.phase !== 'suspended' || suspension === null) return {};
  return { reason: suspension.reason, message: suspension.message };
}

function settledEvent(before: Vm, phase: Exclude<SettledPhase, 'failed'>): EventType {
  switch (phase) {
    case 'running':
      return settledRunning(before.status.phase);
    case 'paused':
      return 'vm.paused';
    case 'stopped':
      return 'vm.stopped';
    case 'suspended':
      return 'vm.suspended';
    case 'unknown':
      return 'vm.updated';
    default:
      return phase satisfies never;
  }
}

function settledRunning(phase: VmPhase): EventType {
  if (phase === 'updating') return 'vm.updated';
  return phase === 'resuming' ? 'vm.resumed' : 'vm.started';
}
