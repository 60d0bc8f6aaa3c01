/** What became of each VM of a fork, as the fork's operation keeps it: enough to make its answer again. */
import { ERROR_CODES } from '../../domain/errors.ts';
import { type OperationId, parseId, type VmId } from '../../domain/ids.ts';
import type { Json, JsonObject } from '../../domain/json.ts';
import type { OperationError } from '../../domain/operation/operation.ts';
import type { ForkItem } from '../apis/snapshot-api.ts';

/** One VM of a fork, by reference. */
export type KeptForkItem =
  | { readonly kind: 'accepted'; readonly vmId: VmId; readonly operationId: OperationId }
  | { readonly kind: 'refused'; readonly error: OperationError };

export function toForkResult(items: readonly ForkItem[]): Json {
  return {
    items: items.map((item): Json => {
      if (item.kind === 'accepted') return { vm_id: item.vm?.id ?? null, operation_id: item.operation.id };
      const { code, reason, message, details } = item.error;
      return { error: { code, reason, message, details } };
    }),
  };
}

/** The items in an operation's result; null if that is none of a fork. */
export function readForkResult(result: Json): readonly KeptForkItem[] | null {
  const items = isObject(result) ? result['items'] : null;
  if (!isList(items)) return null;
  const read = items.flatMap((item) => readItem(item) ?? []);
  return read.length === items.length ? read : null;
}

function readItem(item: Json): KeptForkItem | null {
  if (!isObject(item)) return null;
  const { vm_id: vm, operation_id: operation, error } = item;
  const vmId = typeof vm === 'string' ? parseId('vm', vm) : null;
  const operationId = typeof operation === 'string' ? parseId('op', operation) : null;
  if (vmId !== null && operationId !== null) return { kind: 'accepted', vmId, operationId };
  if (!isObject(error)) return null;
  const { code: word, reason, message, details } = error;
  const code = ERROR_CODES.find((one) => one === word);
  if (code === undefined || typeof reason !== 'string' || typeof message !== 'string' || !isObject(details))
    return null;
  return { kind: 'refused', error: { code, reason, message, details } };
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}
