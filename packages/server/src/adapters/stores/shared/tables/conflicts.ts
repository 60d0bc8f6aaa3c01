import { VolaryError } from '../../../../domain/errors.ts';

/** `conflict` store.revision: the row has been written, or removed, since it was read. */
export function revisionConflict(what: string, id: string, expectedRevision: number): VolaryError {
  return new VolaryError('conflict', `The ${what} ${id} has changed since it was read.`, {
    reason: 'store.revision',
    details: { what, id, expected_revision: expectedRevision },
  });
}

/** True when a unique key refused a write. */
export function isConstraint(error: unknown): boolean {
  return error instanceof VolaryError && error.reason === 'store.constraint';
}
