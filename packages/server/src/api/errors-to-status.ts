import type { FieldError, Problem } from '@volary/contract';
import { type ErrorCode, isRetryable, type VolaryError } from '../domain/errors.ts';

interface Answer {
  readonly status: number;
  readonly title: string;
}

/**
 * What each code is in HTTP. Does not compile until every code has an answer.
 *
 * `resource_exhausted` is 429 rather than a 5xx: the server is well, it has just nothing left to give; trying later helps.
 * `unsupported` is 422 rather than 501: the request is understood, this driver cannot fulfil it.
 */
export const ANSWERS: Readonly<Record<ErrorCode, Answer>> = {
  invalid_argument: { status: 400, title: 'Invalid request' },
  unauthenticated: { status: 401, title: 'Not authenticated' },
  permission_denied: { status: 403, title: 'Not allowed' },
  not_found: { status: 404, title: 'Not found' },
  already_exists: { status: 409, title: 'Exists already' },
  failed_precondition: { status: 409, title: 'Not possible now' },
  conflict: { status: 409, title: 'Conflict' },
  resource_exhausted: { status: 429, title: 'Not enough left' },
  unsupported: { status: 422, title: 'Not supported' },
  aborted: { status: 409, title: 'Aborted' },
  deadline_exceeded: { status: 504, title: 'Too late' },
  unavailable: { status: 503, title: 'Unavailable' },
  data_loss: { status: 500, title: 'Data lost' },
  internal: { status: 500, title: 'Internal error' },
};

/** Reasons for which HTTP has a status of their own. */
const STATUS_BY_REASON: ReadonlyMap<string, number> = new Map([
  ['vm.changed', 412],
  ['webhook.changed', 412],
  ['snapshot.changed', 412],
  ['user.changed', 412],
  ['deployment.changed', 412],
  ['volume.changed', 412],
  ['workspace.changed', 412],
  ['network.changed', 412],
  ['security_group.changed', 412],
  ['events.trimmed', 410],
  ['idempotency.key_reused', 422],
  ['route.method_not_allowed', 405],
  ['request.too_large', 413],
  ['request.timeout', 408],
  ['host.no_disk', 507],
  ['store.full', 507],
  ['driver.disk_full', 507],
  ['tool.no_room', 507],
  ['request.unsupported_media_type', 415],
]);

export function statusOf({ code, reason }: Pick<VolaryError, 'code' | 'reason'>): number {
  return STATUS_BY_REASON.get(reason) ?? ANSWERS[code].status;
}

/** The error as the caller sees it: never its `context` or `cause`. */
export function toProblem(error: VolaryError, requestId: string): Problem {
  const { errors, ...details } = error.details;
  const fields = isFieldErrors(errors) ? errors : fieldOf(error);
  const { operationId } = error.context;
  return {
    type: `/docs/errors#${error.code}`,
    title: ANSWERS[error.code].title,
    status: statusOf(error),
    code: error.code,
    reason: error.reason,
    detail: error.message,
    retryable: isRetryable(error.code),
    request_id: requestId,
    ...(typeof operationId === 'string' ? { operation_id: operationId } : {}),
    ...(fields === null ? {} : { errors: fields }),
    ...(Object.keys(details).length === 0 ? {} : { details }),
  };
}

function isFieldErrors(value: unknown): value is FieldError[] {
  return (
    Array.isArray(value) &&
    value.every((one) => typeof one === 'object' && one !== null && 'field' in one && 'message' in one)
  );
}

/** The engine's rules name the field in their details: shown in the same form as the schema's. */
function fieldOf(error: VolaryError): FieldError[] | null {
  const { field, allowed, minimum, maximum, pattern } = error.details;
  if (error.code !== 'invalid_argument' || typeof field !== 'string') return null;
  const range = minimum === undefined && maximum === undefined ? undefined : { minimum, maximum };
  const shown = allowed ?? range ?? pattern;
  return [{ field, message: error.message, ...(shown === undefined ? {} : { allowed: shown }) }];
}
