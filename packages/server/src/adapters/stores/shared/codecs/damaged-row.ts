import { VolaryError } from '../../../../domain/errors.ts';
import { Unreadable } from './read-value.ts';

/** Which row is being read: `vm`, and its id. */
export interface RowName {
  readonly what: string;
  readonly id: string | number;
}

/** Reads a row. Throws `data_loss` store.damaged naming it, if one of its values cannot be what it is. */
export function readRow<T>(row: RowName, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    throw damagedRow(row, error.field, error);
  }
}

/** `data_loss` store.damaged: what is stored of this row makes no sense. */
export function damagedRow({ what, id }: RowName, field: string, cause?: unknown): VolaryError {
  return new VolaryError('data_loss', `The stored ${what} ${id} is damaged; restore the database from a copy.`, {
    reason: 'store.damaged',
    details: { what, id, field },
    cause,
  });
}
