import { BYTES_TYPE, routes } from '@volary/contract';
import type { FastifyInstance } from 'fastify';
import type { ExecutionUpdate } from '../../engine/apis/execution-api.ts';
import { mount } from '../mount.ts';
import { sendNdjson } from '../realtime/ndjson.ts';
import { sendStream } from '../realtime/send-stream.ts';
import { unlessAborted } from '../realtime/unless-aborted.ts';
import type { V1Context } from './context.ts';
import { toExecEvent } from './dto/execution-dto.ts';
import { idParam } from './parse-param.ts';
import { requestBytes } from './request-bytes.ts';

/** The kept and the live output of commands. */
export function mountExecutionOutput(app: FastifyInstance, { engine, signals, limits, log }: V1Context): void {
  mount(app, routes.readOutput, async (request, reply) => {
    const { from = 0, stream = 'both', follow = false, raw = false } = request.query;
    const id = idParam('exec', 'id', request.params.id);
    const signal = signals.of(reply);
    const kept = await engine.executions.output(request.principal, id, { stream, offset: from, follow, signal });
    const updates = unlessAborted(kept, signal);
    if (stream === 'both' && !raw) await sendNdjson(reply, eventsOf(updates), { heartbeatMs: limits.heartbeatMs, log });
    else await sendStream(reply, bytesOf(updates), { contentType: BYTES_TYPE, isFlushedAtOnce: follow, log });
    return reply;
  });
}

/** The input of commands. The app takes bodies of any type as streams. */
export function mountExecutionInput(app: FastifyInstance, { engine, limits }: V1Context): void {
  mount(app, routes.writeStdin, async (request) => {
    const { offset, end = false } = request.query;
    const input = { offset: offset ?? null, content: requestBytes(request.body, limits), end };
    const stdinBytes = await engine.executions.writeStdin(
      request.principal,
      idParam('exec', 'id', request.params.id),
      input,
    );
    return { stdin_bytes: stdinBytes };
  });
}

async function* eventsOf(updates: AsyncIterable<ExecutionUpdate>): AsyncGenerator<unknown> {
  for await (const update of updates) yield toExecEvent(update);
}

async function* bytesOf(updates: AsyncIterable<ExecutionUpdate>): AsyncGenerator<Uint8Array> {
  for await (const update of updates) if (update.kind === 'output') yield update.bytes;
}
