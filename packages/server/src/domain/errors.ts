/**
 * The one error that crosses module lines, and its closed set of codes.
 *
 * A code says what the caller can do about it; a reason (`vm.not_running`) says which rule spoke. HTTP statuses are
 * decided in the api layer, by a table per dialect that does not compile until it has answered every code.
 */
import type { JsonObject } from './json.ts';

export const ERROR_CODES = [
  'invalid_argument',
  'unauthenticated',
  'permission_denied',
  'not_found',
  'already_exists',
  'failed_precondition',
  'conflict',
  'resource_exhausted',
  'unsupported',
  'aborted',
  'deadline_exceeded',
  'unavailable',
  'data_loss',
  'internal',
] as const;

export type ErrorCode = (typeof ERROR_CODES)[number];

/** Codes after which the same request may succeed if it is simply sent again. */
const RETRYABLE: ReadonlySet<ErrorCode> = new Set([
  'aborted',
  'deadline_exceeded',
  'unavailable',
  'resource_exhausted',
]);

export interface VolaryErrorOptions {
  /** Stable, dotted name of the rule that spoke: `vm.not_running`. Listed in docs/errors.md. */
  readonly reason: string;
  /** Facts for programs: `{ field: 'vcpus', minimum: 1, maximum: 64 }`. No secrets, no host paths. */
  readonly details?: JsonObject;
  /** For the log alone: paths, commands, the other side's words. */
  readonly context?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

/** An error with a text for the caller (`message`) and one for the log (`context`, `cause`). */
export class VolaryError extends Error {
  override readonly name = 'VolaryError';
  readonly code: ErrorCode;
  readonly reason: string;
  readonly details: JsonObject;
  readonly context: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, message: string, options: VolaryErrorOptions) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.reason = options.reason;
    this.details = options.details ?? {};
    this.context = options.context ?? {};
  }
}

/** True when sending the same request again may succeed. */
export function isRetryable(code: ErrorCode): boolean {
  return RETRYABLE.has(code);
}

/** The error as a `VolaryError`: itself, or `internal` around whatever else was thrown. */
export function toVolaryError(error: unknown): VolaryError {
  if (error instanceof VolaryError) return error;
  return new VolaryError('internal', 'Something went wrong inside the server.', {
    reason: 'internal.unexpected',
    cause: error,
  });
}
