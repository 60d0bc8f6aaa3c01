import { VolaryError } from '../../domain/errors.ts';
import type { OperationId } from '../../domain/ids.ts';
import type { Operation } from '../../domain/operation/operation.ts';
import type { Tables } from '../../ports/store.ts';
import { type Asker, requireVisible } from '../access/require-visible.ts';

/**
 * The operation with this id. It belongs to whose resource it changes, whoever asked for it. Throws `not_found` operation.unknown, `permission_denied` access.denied.
 */
export async function findOperation(
  tables: Pick<Tables, 'operations'>,
  asker: Asker,
  id: OperationId,
): Promise<Operation> {
  return requireVisible(asker, await tables.operations.get(id), 'operation:read', () => unknownOperation(id));
}

/** `not_found` operation.unknown. */
export function unknownOperation(id: OperationId): VolaryError {
  return new VolaryError('not_found', `There is no operation ${id}.`, { reason: 'operation.unknown' });
}
