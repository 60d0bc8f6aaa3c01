import { ERROR_CODES } from '../../../../domain/errors.ts';
import {
  OPERATION_KINDS,
  OPERATION_STATES,
  type Operation,
  type OperationError,
  type OperationProgress,
  type OperationStep,
  type OperationSubject,
} from '../../../../domain/operation/operation.ts';
import type { PlannedSpan } from '../../../../domain/trace.ts';
import type { OperationRow } from '../rows/operation-row.ts';
import { readRow } from './damaged-row.ts';
import * as read from './read-value.ts';

/** An operation as a row. */
export function encodeOperation(operation: Operation): OperationRow {
  const { subject } = operation;
  return {
    id: operation.id,
    kind: operation.kind,
    subject_kind: subject.kind,
    subject_name: subject.name,
    vm_id: subject.kind === 'vm' ? subject.id : null,
    snapshot_id: subject.kind === 'snapshot' ? subject.id : null,
    volume_id: subject.kind === 'volume' ? subject.id : null,
    generation: operation.generation,
    state: operation.state,
    steps: JSON.stringify(operation.steps),
    progress: operation.progress === null ? null : JSON.stringify(operation.progress),
    result: JSON.stringify(operation.result),
    error: operation.error === null ? null : JSON.stringify(operation.error),
    principal: operation.principal,
    owner: operation.owner,
    created_at: operation.createdAt,
    started_at: operation.startedAt,
    completed_at: operation.completedAt,
    deadline_at: operation.deadlineAt,
    trace: operation.trace === null ? null : JSON.stringify(operation.trace),
    revision: operation.revision,
  };
}

/** The operation in a row. Throws `data_loss` store.damaged. */
export function decodeOperation(row: OperationRow): Operation {
  return readRow({ what: 'operation', id: row.id }, () => ({
    id: operationId(row.id, 'id'),
    kind: kind(row.kind, 'kind'),
    subject: decodeSubject(row),
    generation: read.count(row.generation, 'generation'),
    state: state(row.state, 'state'),
    steps: steps(row.steps, 'steps'),
    progress: progress(row.progress, 'progress'),
    result: read.jsonValue(row.result, 'result'),
    error: error(row.error, 'error'),
    principal: read.text(row.principal, 'principal'),
    owner: read.text(row.owner, 'owner'),
    createdAt: read.number(row.created_at, 'created_at'),
    startedAt: optionalNumber(row.started_at, 'started_at'),
    completedAt: optionalNumber(row.completed_at, 'completed_at'),
    deadlineAt: read.number(row.deadline_at, 'deadline_at'),
    trace: plannedSpan(row.trace, 'trace'),
    revision: read.count(row.revision, 'revision'),
  }));
}

function decodeSubject(row: OperationRow): OperationSubject {
  const name = read.text(row.subject_name, 'subject_name');
  const kind = subjectKind(row.subject_kind, 'subject_kind');
  switch (kind) {
    case 'vm':
      return { kind, id: vmId(row.vm_id, 'vm_id'), name };
    case 'image':
    case 'tool':
    case 'template':
    case 'warm_template':
    case 'batch':
    case 'system':
      return { kind, name };
    case 'snapshot':
      return { kind, id: snapshotId(row.snapshot_id, 'snapshot_id'), name };
    case 'volume':
      return { kind, id: volumeId(row.volume_id, 'volume_id'), name };
    default:
      return kind satisfies never;
  }
}

const operationId = read.id('op');
const vmId = read.id('vm');
const snapshotId = read.id('snap');
const volumeId = read.id('vol');
const kind = read.oneOf(OPERATION_KINDS);
const state = read.oneOf(OPERATION_STATES);
const subjectKind = read.oneOf([
  'vm',
  'image',
  'tool',
  'snapshot',
  'template',
  'warm_template',
  'batch',
  'system',
  'volume',
]);
const stepState = read.oneOf(['running', 'succeeded', 'failed']);
const code = read.oneOf(ERROR_CODES);
const optionalNumber = read.nullable(read.number);
const optionalText = read.nullable(read.text);

const steps = read.json(
  read.list((value, field): OperationStep => {
    const stored = read.object(value, field);
    return {
      name: read.text(stored['name'], `${field}.name`),
      state: stepState(stored['state'], `${field}.state`),
      attempt: read.count(stored['attempt'], `${field}.attempt`),
      startedAt: read.number(stored['startedAt'], `${field}.startedAt`),
      completedAt: optionalNumber(stored['completedAt'], `${field}.completedAt`),
      message: optionalText(stored['message'], `${field}.message`),
    };
  }),
);

const progress = read.nullable(
  read.json((value, field): OperationProgress => {
    const stored = read.object(value, field);
    return {
      fraction: optionalNumber(stored['fraction'], `${field}.fraction`),
      message: read.text(stored['message'], `${field}.message`),
    };
  }),
);

const error = read.nullable(
  read.json((value, field): OperationError => {
    const stored = read.object(value, field);
    return {
      code: code(stored['code'], `${field}.code`),
      reason: read.text(stored['reason'], `${field}.reason`),
      message: read.text(stored['message'], `${field}.message`),
      details: read.parsedObject(stored['details'], `${field}.details`),
    };
  }),
);

const plannedSpan = read.nullable(
  read.json((value, field): PlannedSpan => {
    const stored = read.object(value, field);
    return {
      traceId: read.text(stored['traceId'], `${field}.traceId`),
      spanId: read.text(stored['spanId'], `${field}.spanId`),
      isSampled: read.boolean(stored['isSampled'], `${field}.isSampled`),
      parentSpanId: optionalText(stored['parentSpanId'], `${field}.parentSpanId`),
    };
  }),
);
