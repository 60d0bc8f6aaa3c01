/** What a batch is about and what has come of it, as its operation keeps it: enough for another server to go on. */
import {
  BATCH_PERMISSIONS,
  type Batch,
  type BatchAction,
  type BatchItem,
  type CommandOutcome,
} from '../../domain/batch/batch.ts';
import { parseId } from '../../domain/ids.ts';
import type { Json, JsonObject } from '../../domain/json.ts';

/** As `/v1` shows it, too. */
export function toBatchResult({ isStoppedByError, concurrency, items }: Batch): Json {
  return {
    stop_on_error: isStoppedByError,
    concurrency,
    items: items.map(toItem),
  };
}

function toItem(item: BatchItem): Json {
  const { action, index, vmId, name, graceMs, state, operationId, executionId, outcome, error } = item;
  return {
    ...{ action, index, vm_id: vmId, name, grace_ms: graceMs, state, operation_id: operationId },
    error: error === null ? null : { ...error },
    ...(action === 'exec' ? { execution_id: executionId, command: toCommand(outcome) } : {}),
  };
}

function toCommand(outcome: CommandOutcome | null): Json {
  if (outcome === null) return null;
  const { exitCode, signal, stdout, stderr, isTruncated } = outcome;
  return { exit_code: exitCode, signal, stdout, stderr, truncated: isTruncated };
}

/** Null if that is none. */
export function readBatchResult(result: Json): Batch | null {
  if (!isObject(result)) return null;
  const { stop_on_error: isStoppedByError, concurrency, items } = result;
  if (typeof isStoppedByError !== 'boolean' || typeof concurrency !== 'number' || !Array.isArray(items)) return null;
  const read = items.map(readItem);
  return read.every((item) => item !== null) ? { isStoppedByError, concurrency, items: read } : null;
}

function readItem(item: Json, place: number): BatchItem | null {
  if (!isObject(item)) return null;
  const { vm_id: vm, name, grace_ms: graceMs, operation_id: operation, execution_id: execution, error } = item;
  const action = ACTIONS.find((one) => one === item['action']);
  const state = STATES.find((one) => one === item['state']);
  const vmId = typeof vm === 'string' ? parseId('vm', vm) : null;
  if (action === undefined || state === undefined || (vmId === null && action !== 'create')) return null;
  if (typeof name !== 'string' || typeof graceMs !== 'number') return null;
  return {
    ...{ action, vmId, name, graceMs, state },
    // Those of an older version came one from each item of the request.
    index: typeof item['index'] === 'number' ? item['index'] : place,
    operationId: typeof operation === 'string' ? parseId('op', operation) : null,
    executionId: typeof execution === 'string' ? parseId('exec', execution) : null,
    outcome: readCommand(item['command'] ?? null),
    error: isObject(error) ? readError(error) : null,
  };
}

function readCommand(command: Json): CommandOutcome | null {
  if (!isObject(command)) return null;
  const { exit_code: exitCode, signal, stdout, stderr, truncated: isTruncated } = command;
  if (typeof stdout !== 'string' || typeof stderr !== 'string' || typeof isTruncated !== 'boolean') return null;
  return {
    ...{ stdout, stderr, isTruncated },
    exitCode: typeof exitCode === 'number' ? exitCode : null,
    signal: typeof signal === 'string' ? signal : null,
  };
}

function readError({ code, reason, message }: JsonObject): BatchItem['error'] {
  const isWhole = typeof code === 'string' && typeof reason === 'string' && typeof message === 'string';
  return isWhole ? { code, reason, message } : null;
}

const STATES = ['pending', 'running', 'succeeded', 'failed', 'skipped'] as const;
const ACTIONS = Object.keys(BATCH_PERMISSIONS).filter((word): word is BatchAction => word in BATCH_PERMISSIONS);

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
