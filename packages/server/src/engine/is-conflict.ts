import { VolaryError } from '../domain/errors.ts';

/** Whether a write was refused because somebody else has written the row meanwhile: whoever gets it looks again. */
export function isConflict(error: unknown): boolean {
  return error instanceof VolaryError && error.reason === 'store.revision';
}
