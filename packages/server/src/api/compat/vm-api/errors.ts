import type { FastifyReply, FastifyRequest } from 'fastify';
import type { VolaryError } from '../../../domain/errors.ts';
import type { EngineDeps } from '../../../engine/deps.ts';
import { statusOf } from '../../errors-to-status.ts';
import { logFault, retryAfterSecondsOf, toApiError } from '../../problem-reply.ts';

/** `{"error": …}`, as the document has it, with the status that the fault has in HTTP. */
export function sendFault(
  thrown: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
  log: EngineDeps['log'],
): FastifyReply {
  const error = toApiError(thrown);
  logFault(log, error, request);
  const retryAfterSeconds = retryAfterSecondsOf(error);
  if (retryAfterSeconds !== undefined) reply.header('retry-after', String(retryAfterSeconds));
  return reply.code(statusOf(error)).send({ error: wordsOf(error) });
}

/** What it means in the words of the document, where that has some. */
function wordsOf({ reason, message }: VolaryError): string {
  return reason === 'workspace.unknown' ? 'Workspace not found' : message;
}
