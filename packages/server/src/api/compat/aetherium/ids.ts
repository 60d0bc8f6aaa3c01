import { VolaryError } from '../../../domain/errors.ts';
import {
  type ExecutionId,
  type IdPrefix,
  idFromUuid,
  type OperationId,
  parseId,
  uuidOf,
  type VmId,
} from '../../../domain/ids.ts';

/** The VM that a UUID names. Throws `invalid_argument` request.invalid in the document's words for what is no UUID. */
export function vmIdOf(uuid: string): VmId {
  return idOf('vm', 'VM', uuid);
}

/** A task is an operation or an execution: the same bits, for whichever there is. Throws likewise. */
export function taskIdsOf(uuid: string): { readonly operation: OperationId; readonly execution: ExecutionId } {
  return { operation: idOf('op', 'task', uuid), execution: idOf('exec', 'task', uuid) };
}

/** The UUID behind the text of an id; null where there is none. */
export function uuidIn(prefix: IdPrefix, text: string | null): string | null {
  const id = text === null ? null : parseId(prefix, text);
  return id === null ? null : uuidOf(id);
}

function idOf<P extends IdPrefix>(prefix: P, kind: string, uuid: string) {
  try {
    return idFromUuid(prefix, uuid);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new VolaryError('invalid_argument', `Invalid ${kind} ID: not a valid UUID`, {
      reason: 'request.invalid',
      details: { field: 'id' },
      cause: error,
    });
  }
}
