import type { FastifyRequest } from 'fastify';
import type { VolaryError } from '../../domain/errors.ts';
import type { Face } from '../face.ts';
import { logFault, tellFault, toApiError } from '../problem-reply.ts';

/** What a dialect makes of an error. */
export interface FaultAnswer {
  readonly status: number;
  readonly body: object;
}

/** How a dialect refuses: in the words that `toAnswer` finds, with the headers that all faces have for the fault; what is ours is logged. */
export function answerFault(toAnswer: (error: VolaryError, request: FastifyRequest) => FaultAnswer): Face['refuse'] {
  return (thrown, request, reply, log) => {
    const error = toApiError(thrown);
    logFault(log, error, request);
    tellFault(reply, error);
    const { status, body } = toAnswer(error, request);
    return reply.code(status).send(body);
  };
}
