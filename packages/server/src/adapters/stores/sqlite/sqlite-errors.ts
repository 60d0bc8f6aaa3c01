import Database from 'better-sqlite3';
import { type ErrorCode, VolaryError } from '../../../domain/errors.ts';

interface Translation {
  readonly code: ErrorCode;
  readonly reason: string;
  readonly message: string;
}

const DAMAGED: Translation = {
  code: 'data_loss',
  reason: 'store.damaged',
  message: 'The database is damaged; restore it from a copy.',
};
const NOT_WRITABLE: Translation = {
  code: 'failed_precondition',
  reason: 'store.not_writable',
  message: 'The database cannot be opened for writing; the data directory and the files in it must be yours.',
};

/** By SQLite's primary result code (https://sqlite.org/rescode.html), without `SQLITE_`. */
const TRANSLATIONS: Readonly<Record<string, Translation>> = {
  BUSY: { code: 'unavailable', reason: 'store.busy', message: 'The database is locked by another program.' },
  LOCKED: { code: 'unavailable', reason: 'store.busy', message: 'The database is locked by another program.' },
  FULL: { code: 'resource_exhausted', reason: 'store.full', message: 'The disk that holds the database is full.' },
  CORRUPT: DAMAGED,
  NOTADB: DAMAGED,
  CONSTRAINT: { code: 'conflict', reason: 'store.constraint', message: 'This does not go with what is stored already.' },
  READONLY: NOT_WRITABLE,
  CANTOPEN: NOT_WRITABLE,
  PERM: NOT_WRITABLE,
  AUTH: NOT_WRITABLE,
  IOERR: { code: 'unavailable', reason: 'store.io_error', message: 'The disk that holds the database does not answer as it should.' },
};

/** An error of SQLite's as a `VolaryError` with that as its cause; any other error as it is. */
export function translateSqliteError(error: unknown): unknown {
  if (!(error instanceof Database.SqliteError)) return error;
  // Extended codes begin with the primary one: SQLITE_CONSTRAINT_UNIQUE.
  const primary = error.code.split('_')[1] ?? '';
  const known = TRANSLATIONS[primary];
  const { code, reason, message } = known ?? {
    code: 'internal',
    reason: 'store.unexpected',
    message: 'The database refused a statement.',
  };
  return new VolaryError(code, message, { reason, context: { sqliteCode: error.code }, cause: error });
}

/** True when another connection holds the lock that was needed. */
export function isBusy(error: unknown): boolean {
  return error instanceof Database.SqliteError && error.code.startsWith('SQLITE_BUSY');
}
