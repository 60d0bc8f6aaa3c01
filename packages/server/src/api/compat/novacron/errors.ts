import type { FastifyRequest } from 'fastify';
import type { ErrorCode, VolaryError } from '../../../domain/errors.ts';
import { statusOf, toProblem } from '../../errors-to-status.ts';
import { retryAfterSecondsOf } from '../../problem-reply.ts';
import { answerFault } from '../answer-fault.ts';
import type { FAULT_CODES } from './schemas.ts';
import { hypervisorOf } from './translate.ts';

type FaultCode = (typeof FAULT_CODES)[number];
interface Answer {
  readonly status: number;
  readonly code: FaultCode;
}

/** What each code is here. Does not compile until every code has an answer. */
const ANSWERS: Readonly<Record<ErrorCode, Answer>> = {
  invalid_argument: { status: 400, code: 'INVALID_REQUEST' },
  unauthenticated: { status: 401, code: 'UNAUTHORIZED' },
  permission_denied: { status: 403, code: 'FORBIDDEN' },
  not_found: { status: 404, code: 'NOT_FOUND' },
  already_exists: { status: 409, code: 'CONFLICT' },
  failed_precondition: { status: 409, code: 'CONFLICT' },
  conflict: { status: 409, code: 'CONFLICT' },
  // 429 is for those who ask too often.
  resource_exhausted: { status: 409, code: 'INSUFFICIENT_RESOURCES' },
  unsupported: { status: 422, code: 'UNSUPPORTED' },
  aborted: { status: 409, code: 'CONFLICT' },
  deadline_exceeded: { status: 504, code: 'TIMEOUT' },
  unavailable: { status: 503, code: 'UNAVAILABLE' },
  data_loss: { status: 500, code: 'INTERNAL_ERROR' },
  internal: { status: 500, code: 'INTERNAL_ERROR' },
};
const RATE_LIMITED: Answer = { status: 429, code: 'RATE_LIMITED' };
const BY_REASON: Readonly<Record<string, Answer>> = {
  'auth.mfa_required': { status: 401, code: 'MFA_REQUIRED' },
  'route.method_not_allowed': { status: 405, code: 'METHOD_NOT_ALLOWED' },
  // What a request names in its body is a fault of the body.
  'template.unknown': ANSWERS.invalid_argument,
  'network.unknown': ANSWERS.invalid_argument,
  'security_group.unknown': ANSWERS.invalid_argument,
  'driver.unknown': ANSWERS.invalid_argument,
  'rate.limited': RATE_LIMITED,
  'auth.too_many_attempts': RATE_LIMITED,
  'auth.too_many_logins': RATE_LIMITED,
  'request.too_many_streams': RATE_LIMITED,
  'events.too_many_readers': RATE_LIMITED,
};
/** Where HTTP has a status of its own for a reason, that is kept. */
const KEPT_STATUSES: readonly number[] = [408, 413, 415, 507];

/** What the engine's fields are called in this document. Fields are named by who asks: none of them may reach for a prototype. */
const FIELDS: ReadonlyMap<string, string> = new Map([
  ['vcpus', 'resources.cpu'],
  ['memory_mib', 'resources.memory_gb'],
  ['disk_gib', 'resources.storage_gb'],
  ['template', 'template_id'],
  ['driver', 'hypervisor'],
  ['network.name', 'network.vpc_id'],
  ['network.subnet', 'network.subnet_id'],
  ['network.egress', 'network.vpc_id'],
  ['body', ''],
  ['vpc', 'network.vpc_id'],
  ['groups', 'network.security_groups'],
]);
const FIELD_OF_REASON: Readonly<Record<string, string>> = {
  'template.unknown': 'template',
  'network.unknown': 'vpc',
  'security_group.unknown': 'groups',
  'driver.unknown': 'driver',
};

/** `{"error": {"code": …, "message": …}}`, with what the document has beside these for the code. */
export const sendFault = answerFault((error, request) => {
  const { status, code } = answerOf(error);
  return { status, body: { error: { code, ...describe(code, error, request) } } };
});

/** The same for what is not answered by itself: one of a batch, a message of a socket. */
export function faultOf(error: VolaryError): { readonly code: FaultCode; readonly message: string } {
  const { code } = answerOf(error);
  return { code, message: error.reason === 'vm.unknown' ? 'VM not found' : error.message };
}

function answerOf(error: VolaryError): Answer {
  const answer = BY_REASON[error.reason] ?? ANSWERS[error.code];
  const status = statusOf(error);
  return KEPT_STATUSES.includes(status) ? { ...answer, status } : answer;
}

function describe(code: FaultCode, error: VolaryError, request: FastifyRequest): Readonly<Record<string, unknown>> {
  switch (code) {
    case 'INVALID_REQUEST':
      return { message: 'Validation failed', details: detailsOf(error, request.id) };
    case 'UNAUTHORIZED':
      return { message: wordsFor(error) };
    case 'FORBIDDEN':
      return forbidden(error);
    case 'NOT_FOUND':
      return notFound(error, request);
    case 'RATE_LIMITED':
      return rateLimited(error);
    case 'INTERNAL_ERROR':
      return {
        message: 'An unexpected error occurred',
        request_id: request.id,
        support_url: request.server.installation.supportUrl,
      };
    default:
      return { message: error.message };
  }
}

/** A login that is refused says why; anything else who asks cannot know. */
function wordsFor({ reason, message }: VolaryError): string {
  return ['auth.invalid_login', 'auth.mfa_invalid'].includes(reason) ? message : 'Invalid or expired token';
}

function forbidden({ details, message }: VolaryError): Readonly<Record<string, unknown>> {
  const { required_permission: permission } = details;
  if (typeof permission !== 'string') return { message };
  return { message: 'Insufficient permissions for operation', required_permission: permission };
}

function notFound(
  { reason, message }: VolaryError,
  { params, url }: FastifyRequest,
): Readonly<Record<string, unknown>> {
  const named = typeof params === 'object' && params !== null && 'vm_id' in params ? params.vm_id : null;
  const resource = typeof named === 'string' ? named : (url.split('?', 1)[0] ?? '');
  return { message: reason === 'vm.unknown' ? 'VM not found' : message, resource };
}

function rateLimited(error: VolaryError): Readonly<Record<string, unknown>> {
  const { limit_per_minute: perMinute } = error.details;
  return {
    message: 'Rate limit exceeded',
    retry_after: retryAfterSecondsOf(error) ?? 1,
    limit: typeof perMinute === 'number' ? `${perMinute} requests per minute` : error.message,
  };
}

/** Each thing that is wrong, by what it is called here. */
function detailsOf(error: VolaryError, requestId: string): readonly { field: string; message: string }[] {
  const found = toProblem(error, requestId).errors ?? [
    { field: FIELD_OF_REASON[error.reason] ?? '', message: wordsOfOne(error) },
  ];
  return found.map(({ field, message }) => {
    // One that nobody knows is called what it was called.
    const name = message === 'is not known' ? field : (FIELDS.get(field) ?? field);
    const isRange = name === 'resources.cpu' && /from 1 to 64/.test(message);
    return { field: name, message: isRange ? 'CPU count must be between 1 and 64' : message };
  });
}

/** What there is instead, in the words of this document. */
function wordsOfOne({ reason, message, details: { allowed } }: VolaryError): string {
  if (reason !== 'driver.unknown' || !Array.isArray(allowed)) return message;
  const words = new Set(allowed.map((driver) => hypervisorOf(String(driver))));
  return `There is no such hypervisor here; there are: ${[...words].join(', ')}`;
}
