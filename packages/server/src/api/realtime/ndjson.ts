import { NDJSON_TYPE } from '@volary/contract';
import type { FastifyReply } from 'fastify';
import { toProblem } from '../errors-to-status.ts';
import { type StreamOptions, sendStream } from './send-stream.ts';

const HEARTBEAT = '{"type":"heartbeat"}\n';

/** Answers with one JSON value a line, and with a last line of type `error` if the source fails. */
export async function sendNdjson(
  reply: FastifyReply,
  values: AsyncIterable<unknown>,
  { heartbeatMs, log }: StreamOptions,
): Promise<void> {
  await sendStream(reply, linesOf(values), {
    contentType: NDJSON_TYPE,
    heartbeat: { everyMs: heartbeatMs, text: () => HEARTBEAT },
    log,
    onFailure: (error) => `${JSON.stringify({ type: 'error', problem: toProblem(error, reply.request.id) })}\n`,
  });
}

async function* linesOf(values: AsyncIterable<unknown>): AsyncGenerator<string> {
  for await (const value of values) yield `${JSON.stringify(value)}\n`;
}
