import { PROBLEM_TYPE } from '@volary/contract';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type ErrorCode, toVolaryError, VolaryError } from '../domain/errors.ts';
import type { EngineDeps } from '../engine/deps.ts';
import { statusOf, toProblem } from './errors-to-status.ts';

/** Fastify's own refusals, by its code; all others of the 400 kind are `request.malformed`. */
const FRAMEWORK_REASONS: ReadonlyMap<string, readonly [reason: string, message: string]> = new Map([
  ['FST_ERR_CTP_BODY_TOO_LARGE', ['request.too_large', 'The JSON body is larger than what is accepted.']],
  ['FST_ERR_CTP_INVALID_MEDIA_TYPE', ['request.unsupported_media_type', 'The body must be application/json.']],
  ['FST_ERR_CTP_INVALID_JSON_BODY', ['request.malformed_json', 'The body is not JSON.']],
]);

/** When asking again may help: a server comes back in moments, memory and disk are given back when somebody stops a VM. */
const RETRY_AFTER_SECONDS: Partial<Record<ErrorCode, number>> = { unavailable: 1, resource_exhausted: 30 };

/** Whatever was thrown, as an error of ours. */
export function toApiError(error: unknown): VolaryError {
  if (isClientGone(error))
    return new VolaryError('aborted', 'The caller closed the connection.', { reason: 'request.client_gone' });
  if (error instanceof VolaryError || !isFrameworkError(error)) return toVolaryError(error);
  const [reason, message] = FRAMEWORK_REASONS.get(error.code) ?? [
    'request.malformed',
    'The request is not well-formed HTTP.',
  ];
  return new VolaryError('invalid_argument', message, { reason, cause: error });
}

/** Answers with the error as `application/problem+json`, and logs it if it is our fault. */
export function sendProblem(
  thrown: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
  log: EngineDeps['log'],
): FastifyReply {
  const error = toApiError(thrown);
  const status = statusOf(error);
  logFault(log, error, request);
  tellFault(reply, error);
  return reply
    .code(status)
    .header('content-type', PROBLEM_TYPE)
    .send(JSON.stringify(toProblem(error, request.id)));
}

/** What HTTP has headers for, whatever the body says. */
export function tellFault(reply: FastifyReply, error: VolaryError): void {
  if (error.code === 'unauthenticated') reply.header('www-authenticate', 'Bearer realm="volary"');
  const retryAfterSeconds = retryAfterSecondsOf(error);
  if (retryAfterSeconds !== undefined) reply.header('retry-after', String(retryAfterSeconds));
  if (error.reason === 'server.stopping') reply.header('connection', 'close');
}

/** The error itself may know better than its code does. */
export function retryAfterSecondsOf({ code, reason, details }: VolaryError): number | undefined {
  const { retry_after_ms: ms } = details;
  if (typeof ms === 'number') return Math.max(1, Math.ceil(ms / 1000));
  // Nothing comes free by waiting: its owner has to give something up.
  if (reason === 'quota.exceeded') return undefined;
  return reason === 'idempotency.in_progress' ? 1 : RETRY_AFTER_SECONDS[code];
}

/** One line for a fault of ours, with the whole chain of causes; the caller's own faults are for `debug`. */
export function logFault(log: EngineDeps['log'], error: VolaryError, request: FastifyRequest): void {
  const fields = {
    requestId: request.id,
    method: request.method,
    route: request.routeOptions.url,
    reason: error.reason,
  };
  if (error.code === 'internal' || error.code === 'data_loss') log.error('request failed', { ...fields, error });
  else log.debug('request refused', fields);
}

/** A caller that leaves in the middle of its body. */
function isClientGone(error: unknown): boolean {
  return (
    error instanceof Error &&
    'code' in error &&
    (error.code === 'ECONNRESET' || error.code === 'ERR_STREAM_PREMATURE_CLOSE')
  );
}

function isFrameworkError(error: unknown): error is Error & { readonly code: string } {
  return (
    error instanceof Error &&
    'code' in error &&
    typeof error.code === 'string' &&
    error.code.startsWith('FST_') &&
    'statusCode' in error &&
    typeof error.statusCode === 'number' &&
    error.statusCode < 500
  );
}
