import type { FastifyReply, FastifyRequest } from 'fastify';
import type { VolaryError } from '../../../domain/errors.ts';
import type { EngineDeps } from '../../../engine/deps.ts';
import { STATUS_CODES } from '../../../lib/node-http.ts';
import { statusOf } from '../../errors-to-status.ts';
import { logFault, retryAfterSecondsOf, toApiError } from '../../problem-reply.ts';

/** What the document answers otherwise than HTTP would have it. */
const STATUSES: ReadonlyMap<string, number> = new Map([['vm.not_running', 400]]);
/** What it says in words of its own. */
const WORDS: ReadonlyMap<string, string> = new Map([
  ['vm.unknown', 'VM not found'],
  ['operation.unknown', 'Task not found'],
  ['execution.unknown', 'Task not found'],
]);

export interface FaultBody {
  readonly error: string;
  readonly message: string;
  readonly code: number;
}

/** `{"error", "message", "code"}`, as the document has it. */
export function toFault(thrown: unknown): FaultBody {
  const error = toApiError(thrown);
  const code = codeOf(error);
  return { error: STATUS_CODES[code] ?? 'Error', message: WORDS.get(error.reason) ?? error.message, code };
}

/** Answers with the error in that shape. */
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
  if (error.code === 'unauthenticated') reply.header('www-authenticate', 'Bearer realm="volary"');
  const fault = toFault(error);
  return reply.code(fault.code).send(fault);
}

function codeOf(error: VolaryError): number {
  return STATUSES.get(error.reason) ?? statusOf(error);
}
