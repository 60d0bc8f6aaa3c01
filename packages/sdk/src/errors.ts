import type { ErrorCode, FieldError, ForkItem, JsonObject, Operation, Problem } from '@volary/contract';

interface Facts {
  readonly status: number | null;
  readonly code: ErrorCode;
  readonly reason: string;
  readonly detail: string;
  readonly retryable: boolean;
  readonly requestId: string | null;
  readonly operationId: string | null;
  readonly errors: readonly FieldError[];
  readonly details: JsonObject;
}

/** The server's answer that a request, or an operation, was not fulfilled. Its `message` is the server's `detail`. */
export class VolaryApiError extends Error implements Facts {
  override readonly name = 'VolaryApiError';
  /** HTTP status; null when an operation failed after it was accepted. */
  readonly status: number | null;
  readonly code: ErrorCode;
  readonly reason: string;
  readonly detail: string;
  readonly retryable: boolean;
  readonly requestId: string | null;
  readonly operationId: string | null;
  /** The fields that are wrong, when the request is. */
  readonly errors: readonly FieldError[];
  readonly details: JsonObject;

  constructor(facts: Facts) {
    super(facts.detail);
    this.status = facts.status;
    this.code = facts.code;
    this.reason = facts.reason;
    this.detail = facts.detail;
    this.retryable = facts.retryable;
    this.requestId = facts.requestId;
    this.operationId = facts.operationId;
    this.errors = facts.errors;
    this.details = facts.details;
  }
}

/** No answer: nobody listens there, or the connection broke. `cause` is what the network said. */
export class VolaryConnectionError extends Error {
  override readonly name = 'VolaryConnectionError';
  readonly baseUrl: string;

  constructor(baseUrl: string, cause: unknown) {
    super(`No answer from ${baseUrl}.`, { cause });
    this.baseUrl = baseUrl;
  }
}

/** The error that a problem body stands for. */
export function errorOfProblem(problem: Problem): VolaryApiError {
  return new VolaryApiError({
    status: problem.status,
    code: problem.code,
    reason: problem.reason,
    detail: problem.detail,
    retryable: problem.retryable,
    requestId: problem.request_id,
    operationId: problem.operation_id ?? null,
    errors: problem.errors ?? [],
    details: problem.details ?? {},
  });
}

/** The error of an answer without a problem body: something between us and the server spoke. */
export function errorOfStatus(status: number, detail: string): VolaryApiError {
  const isServerFault = status >= 500;
  return new VolaryApiError({
    status,
    code: isServerFault ? 'unavailable' : 'invalid_argument',
    reason: 'client.foreign_answer',
    detail,
    retryable: isServerFault,
    requestId: null,
    operationId: null,
    errors: [],
    details: {},
  });
}

/** Why the operation did not succeed, or null if it did or is still under way. */
export function errorOfOperation(operation: Operation): VolaryApiError | null {
  return operation.error === null ? null : errorOf(operation.error, { status: null, operationId: operation.id });
}

/** Why this VM of a fork was refused, or null if it was accepted. */
export function errorOfForkItem({ error, status }: ForkItem): VolaryApiError | null {
  return error === null ? null : errorOf(error, { status, operationId: null });
}

function errorOf(
  { code, reason, message, retryable, details }: NonNullable<Operation['error']>,
  from: Pick<Facts, 'status' | 'operationId'>,
): VolaryApiError {
  return new VolaryApiError({
    ...{ code, reason, detail: message, retryable, details, requestId: null, errors: [] },
    ...from,
  });
}
