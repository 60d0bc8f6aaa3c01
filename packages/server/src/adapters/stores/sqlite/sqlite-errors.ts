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

const FULL: Translation = {
  code: 'resource_exhausted',
  reason: 'store.full',
  message: 'The disk that holds the database is full.',
};
const BUSY: Translation = {
  code: 'unavailable',
  reason: 'store.busy',
  message: 'The database is locked by another program.',
};

/**
 * By SQLite's result code (https://sqlite.org/rescode.html), the primary one unless the extended one stands here, and by
 * the name of the errno of a file's error.
 */
const TRANSLATIONS: Readonly<Record<string, Translation>> = {
  SQLITE_BUSY: BUSY,
  SQLITE_LOCKED: BUSY,
  SQLITE_FULL: FULL,
  // The index of the write-ahead log is shared memory in a file, for which there was no block left.
  SQLITE_IOERR_SHMSIZE: FULL,
  ENOSPC: FULL,
  EDQUOT: FULL,
  SQLITE_CORRUPT: DAMAGED,
  SQLITE_NOTADB: DAMAGED,
  SQLITE_READONLY: NOT_WRITABLE,
  SQLITE_CANTOPEN: NOT_WRITABLE,
  SQLITE_PERM: NOT_WRITABLE,
  EACCES: NOT_WRITABLE,
  EPERM: NOT_WRITABLE,
  EROFS: NOT_WRITABLE,
  ENOENT: NOT_WRITABLE,
  ENOTDIR: NOT_WRITABLE,
  EISDIR: NOT_WRITABLE,
  SQLITE_CONSTRAINT: {
    code: 'conflict',
    reason: 'store.constraint',
    message: 'This does not go with what is stored already.',
  },
  SQLITE_IOERR: {
    code: 'unavailable',
    reason: 'store.io_error',
    message: 'The disk that holds the database does not answer as it should.',
  },
};

const UNEXPECTED: Translation = {
  code: 'internal',
  reason: 'store.unexpected',
  message: 'The database refused a statement.',
};

/** An error of SQLite's, or of the database's file, as a `VolaryError` with that as its cause; any other error as it is. */
export function translateSqliteError(error: unknown): unknown {
  if (error instanceof VolaryError || !(error instanceof Error) || !('code' in error)) return error;
  const isSqlite = error instanceof Database.SqliteError;
  // Extended result codes begin with the primary one: SQLITE_CONSTRAINT_UNIQUE.
  const code = isSqlite ? error.code.split('_', 2).join('_') : String(error.code);
  const translation = TRANSLATIONS[String(error.code)] ?? TRANSLATIONS[code] ?? (isSqlite ? UNEXPECTED : null);
  if (translation === null) return error;
  const { message, reason } = translation;
  return new VolaryError(translation.code, message, { reason, context: { code: error.code }, cause: error });
}

/** `unavailable` store.closed: somebody goes on when the store has been closed. */
export function closed(): VolaryError {
  return new VolaryError('unavailable', 'The database has been closed.', { reason: 'store.closed' });
}

/** True when another connection holds the lock that was needed. */
export function isBusy(error: unknown): boolean {
  return error instanceof Database.SqliteError && error.code.startsWith('SQLITE_BUSY');
}
