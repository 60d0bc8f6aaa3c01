import { NDJSON_TYPE } from '@volary/contract';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { EngineDeps } from '../../engine/deps.ts';
import { toProblem } from '../errors-to-status.ts';
import { logFault } from '../problem-reply.ts';
import { sendStream } from './send-stream.ts';

const HEARTBEAT = '{"type":"heartbeat"}\n';

/** Answers with one JSON value a line, and with a last line of type `error` if the source fails. */
export async function sendNdjson(
  request: FastifyRequest,
  reply: FastifyReply,
  values: AsyncIterable<unknown>,
  options: { readonly heartbeatMs: number; readonly log: EngineDeps['log'] },
): Promise<void> {
  await sendStream(reply, linesOf(values), {
    contentType: NDJSON_TYPE,
    heartbeat: { everyMs: options.heartbeatMs, text: HEARTBEAT },
    onFailure: (error) => {
      logFault(options.log, error, request);
      return `${JSON.stringify({ type: 'error', problem: toProblem(error, request.id) })}\n`;
    },
  });
}

async function* linesOf(values: AsyncIterable<unknown>): AsyncGenerator<string> {
  for await (const value of values) yield `${JSON.stringify(value)}\n`;
}
