/** What a batch is about and what has come of it, as its operation keeps it: enough for another server to go on. */
import { BATCH_PERMISSIONS, type Batch, type BatchAction, type BatchItem } from '../../domain/batch/batch.ts';
import { parseId } from '../../domain/ids.ts';
import type { Json, JsonObject } from '../../domain/json.ts';

/** As `/v1` shows it, too. */
export function toBatchResult({ isStoppedByError, concurrency, items }: Batch): Json {
  return {
    stop_on_error: isStoppedByError,
    concurrency,
    items: items.map(({ action, vmId, name, graceMs, state, operationId, error }) => ({
      ...{ action, vm_id: vmId, name, grace_ms: graceMs, state, operation_id: operationId },
      error: error === null ? null : { ...error },
    })),
  };
}

/** Null if that is none. */
export function readBatchResult(result: Json): Batch | null {
  if (!isObject(result)) return null;
  const { stop_on_error: isStoppedByError, concurrency, items } = result;
  if (typeof isStoppedByError !== 'boolean' || typeof concurrency !== 'number' || !Array.isArray(items)) return null;
  const read = items.map(readItem);
  return read.every((item) => item !== null) ? { isStoppedByError, concurrency, items: read } : null;
}

function readItem(item: Json): BatchItem | null {
  if (!isObject(item)) return null;
  const { vm_id: vm, name, grace_ms: graceMs, operation_id: operation, error } = item;
  const action = ACTIONS.find((one) => one === item['action']);
  const state = STATES.find((one) => one === item['state']);
  const vmId = typeof vm === 'string' ? parseId('vm', vm) : null;
  const operationId = typeof operation === 'string' ? parseId('op', operation) : null;
  if (action === undefined || state === undefined || vmId === null) return null;
  if (typeof name !== 'string' || typeof graceMs !== 'number') return null;
  return { action, vmId, name, graceMs, state, operationId, error: isObject(error) ? readError(error) : null };
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
