import type { Execution as EngineExecution } from '../../../domain/execution/execution.ts';
import { uuidOf } from '../../../domain/ids.ts';
import type { JsonObject } from '../../../domain/json.ts';
import type { LogLine } from '../../../domain/logs/log-line.ts';
import type { Operation, OperationState } from '../../../domain/operation/operation.ts';
import type { VmPhase } from '../../../domain/vm/phase.ts';
import type { VmPlaces } from '../../../domain/vm/places.ts';
import type { Vm } from '../../../domain/vm/vm.ts';
import type { CreateVmRequest } from '../../../domain/vm/vm-request.ts';
import { toMoment, toMomentOrNull } from '../moments.ts';
import { uuidIn } from './ids.ts';
import type { CreateVm, Execution, LogEntry, Task, TaskStatus, VmDetails, VmStatus, VmSummary } from './schemas.ts';
import { toolsOf } from './tools.ts';

/** Does not compile until each phase is shown. */
const STATUSES: Readonly<Record<VmPhase, VmStatus>> = {
  pending: 'creating',
  provisioning: 'creating',
  starting: 'starting',
  resuming: 'starting',
  running: 'running',
  pausing: 'suspended',
  paused: 'suspended',
  suspending: 'suspended',
  suspended: 'suspended',
  stopping: 'stopping',
  stopped: 'stopped',
  restarting: 'restarting',
  updating: 'running',
  migrating: 'running',
  deleting: 'deleting',
  failed: 'failed',
  unknown: 'unknown',
};

const TASK_STATUSES: Readonly<Record<OperationState, TaskStatus>> = {
  pending: 'pending',
  running: 'running',
  succeeded: 'completed',
  failed: 'failed',
  cancelled: 'cancelled',
};

const EXECUTION_STATUSES: Readonly<Record<EngineExecution['state'], TaskStatus>> = {
  starting: 'pending',
  running: 'running',
  exited: 'completed',
  failed: 'failed',
  lost: 'failed',
};

export function toStatus(phase: VmPhase): VmStatus {
  return STATUSES[phase];
}

export function toVmSummary(vm: Vm): VmSummary {
  return { ...identity(vm), created_at: toMoment(vm.createdAt), metadata: metadataOf(vm) };
}

export function toVmDetails(vm: Vm, { kernelPath, rootPath, socketPath }: VmPlaces): VmDetails {
  return {
    ...identity(vm),
    kernel_path: kernelPath,
    rootfs_path: rootPath,
    socket_path: socketPath,
    created_at: toMoment(vm.createdAt),
    started_at: toMomentOrNull(vm.startedAt),
    metadata: metadataOf(vm),
  };
}

function identity({ id, name, status, spec }: Vm) {
  return {
    id: uuidOf(id),
    name,
    status: toStatus(status.phase),
    vcpu_count: spec.vcpuCount,
    memory_mb: spec.memoryMib,
  };
}

/** What was given stays as it was given. */
function metadataOf({ metadata, spec }: Vm): JsonObject {
  if (spec.tools.length === 0) return metadata;
  return { tools: Object.fromEntries(spec.tools.map(({ name, version }) => [name, version])), ...metadata };
}

/** Throws as `toolsOf`. */
export function toCreateRequest(body: CreateVm): CreateVmRequest {
  const { name = null, vcpus, memory_mb, metadata = {} } = body;
  return {
    name,
    spec: {
      ...(vcpus === undefined ? {} : { vcpuCount: vcpus }),
      ...(memory_mb === undefined ? {} : { memoryMib: memory_mb }),
    },
    tools: toolsOf(body),
    labels: {},
    metadata,
    start: true,
    warmStart: 'auto',
  };
}

/** `vm:create`, as the document writes `vm.create`. */
export function toTaskType(kind: Operation['kind']): string {
  return kind.replace('.', ':');
}

export function toTaskStatus(state: OperationState): TaskStatus {
  return TASK_STATUSES[state];
}

export function toExecutionStatus(state: EngineExecution['state']): TaskStatus {
  return EXECUTION_STATUSES[state];
}

/** `vm`: what the operation is about, as it is now; null where that is gone, or no VM. */
export function toOperationTask(operation: Operation, vm: Vm | null): Task {
  return {
    id: uuidOf(operation.id),
    type: toTaskType(operation.kind),
    status: toTaskStatus(operation.state),
    result: operation.state === 'succeeded' ? resultOf(operation, vm) : null,
    error: operation.error?.message ?? null,
    created_at: toMoment(operation.createdAt),
    completed_at: toMomentOrNull(operation.completedAt),
  };
}

function resultOf({ subject }: Operation, vm: Vm | null): JsonObject {
  if (subject.kind !== 'vm') return { name: subject.name };
  const status = vm === null ? 'deleted' : toStatus(vm.status.phase);
  return { vm_id: uuidOf(subject.id), name: vm?.name ?? subject.name, status };
}

/** What a command has written, as far as it is told. */
export interface Output {
  readonly stdout: string;
  readonly stderr: string;
  readonly isCut: boolean;
}

export function toExecutionTask(execution: EngineExecution, { stdout, stderr, isCut }: Output): Task {
  const { id, vmId, state, exitCode, signal, error, isTruncated } = execution;
  const truncated = isCut || isTruncated;
  return {
    id: uuidOf(id),
    type: 'vm:execute',
    status: toExecutionStatus(state),
    result: state === 'exited' ? { vm_id: uuidOf(vmId), exit_code: exitCode, stdout, stderr, signal, truncated } : null,
    error: state === 'lost' ? (error ?? 'Its VM ended under it.') : error,
    created_at: toMoment(execution.createdAt),
    completed_at: toMomentOrNull(execution.completedAt),
  };
}

export function toExecution(execution: EngineExecution, { stdout, stderr, isCut }: Output): Execution {
  const { id, vmId, request, exitCode, startedAt, completedAt } = execution;
  const [command = '', ...args] = request.argv;
  return {
    id: uuidOf(id),
    vm_id: uuidOf(vmId),
    ...{ command, args, exit_code: exitCode, stdout, stderr },
    started_at: toMomentOrNull(startedAt),
    completed_at: toMomentOrNull(completedAt),
    duration_ms: startedAt === null || completedAt === null ? null : Math.max(0, completedAt - startedAt),
    truncated: isCut || execution.isTruncated,
  };
}

export function toLogEntry(line: LogLine): LogEntry {
  const { at, level, message, operationId, executionId, vmId, fields } = line;
  const why = fields['message'];
  return {
    timestamp: toMoment(at),
    level,
    message,
    task_id: uuidIn('op', operationId) ?? uuidIn('exec', executionId),
    vm_id: uuidIn('vm', vmId),
    fields: level === 'error' && typeof why === 'string' ? { ...fields, error: why } : fields,
  };
}
