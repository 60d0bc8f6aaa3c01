import type { AcceptedOperation, Operation as OperationDto } from '@volary/contract';
import { isRetryable } from '../../../domain/errors.ts';
import type {
  Operation,
  OperationError,
  OperationStep,
  OperationSubject,
} from '../../../domain/operation/operation.ts';
import type { Vm } from '../../../domain/vm/vm.ts';
import { toIso, toIsoOrNull } from './to-iso.ts';
import { toVmDto } from './vm-dto.ts';

/** An operation as `/v1` shows it. */
export function toOperationDto(operation: Operation): OperationDto {
  return {
    id: operation.id,
    kind: operation.kind,
    subject: toSubjectDto(operation.subject),
    generation: operation.generation,
    state: operation.state,
    steps: operation.steps.map(toStepDto),
    progress:
      operation.progress === null
        ? null
        : { fraction: operation.progress.fraction, message: operation.progress.message },
    result: operation.result,
    error: operation.error === null ? null : toErrorDto(operation.error),
    principal: operation.principal,
    owner: operation.owner,
    revision: operation.revision,
    created_at: toIso(operation.createdAt),
    started_at: toIsoOrNull(operation.startedAt),
    completed_at: toIsoOrNull(operation.completedAt),
    deadline_at: toIso(operation.deadlineAt),
    trace_id: operation.trace?.isSampled === true ? operation.trace.traceId : null,
  };
}

/** An operation that was just accepted, with the VM as it now is. */
export function toAcceptedDto(operation: Operation, vm: Vm | null): AcceptedOperation {
  return { ...toOperationDto(operation), vm: vm === null ? null : toVmDto(vm) };
}

function toSubjectDto(subject: OperationSubject): OperationDto['subject'] {
  return { kind: subject.kind, id: 'id' in subject ? subject.id : null, name: subject.name };
}

function toStepDto(step: OperationStep): OperationDto['steps'][number] {
  return {
    name: step.name,
    state: step.state,
    attempt: step.attempt,
    started_at: toIso(step.startedAt),
    completed_at: toIsoOrNull(step.completedAt),
    message: step.message,
  };
}

/** The error of an operation, as `/v1` shows it. */
export function toErrorDto({ code, reason, message, details }: OperationError): NonNullable<OperationDto['error']> {
  return { code, reason, message, details, retryable: isRetryable(code) };
}
