import { VolaryError } from '../domain/errors.ts';
import type { Operation } from '../domain/operation/operation.ts';

/** Why the operation did not succeed, to be thrown; null if it did. */
export function failureOf(operation: Operation): VolaryError | null {
  if (operation.error === null) return null;
  const { code, reason, message, details } = operation.error;
  return new VolaryError(code, message, { reason, details, context: { operationId: operation.id } });
}
