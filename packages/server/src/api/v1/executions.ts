import { routes } from '@volary/contract';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { VolaryError } from '../../domain/errors.ts';
import type { Execution } from '../../domain/execution/execution.ts';
import type { ExecutionId } from '../../domain/ids.ts';
import type { ExecutionSession } from '../../engine/apis/execution-api.ts';
import { onceOf } from '../idempotency.ts';
import { mount } from '../mount.ts';
import { sendNdjson } from '../realtime/ndjson.ts';
import { unlessAborted } from '../realtime/unless-aborted.ts';
import type { V1Context } from './context.ts';
import { toExecEvent, toExecRequest, toExecutionDto, toFinishedDto } from './dto/execution-dto.ts';
import { gatherOutput } from './gather-output.ts';
import { cursorParam, idParam } from './parse-param.ts';

const CANCEL_GRACE_MS = 5_000;

/** Commands: run, look at, signal, cancel, resize. */
export function mountExecutions(app: FastifyInstance, context: V1Context): void {
  const { executions } = context.engine;

  mount(app, routes.execInVm, async (request, reply) => {
    const { body, principal } = request;
    const signal = context.signals.of(reply);
    const options = { signal, ...onceOf(request) };
    const session = await executions.start(principal, request.params.ref, toExecRequest(body), options);
    if (typeof body.stdin === 'string') feed(context, request, session.execution.id, body.stdin);
    if (body.detach === true) return await answerDetached(reply, session.execution);
    return await answerExec(context, request, reply, { ...session, updates: unlessAborted(session.updates, signal) });
  });

  mount(app, routes.getExecution, async (request) => {
    return toExecutionDto(await executions.get(request.principal, idParam('exec', 'id', request.params.id)));
  });

  mount(app, routes.listExecutions, async (request) => {
    const { limit = 50, cursor } = request.query;
    const page = await executions.list(request.principal, {
      limit,
      after: cursorParam('exec', cursor),
      vm: request.params.ref,
    });
    return { items: page.items.map(toExecutionDto), next_cursor: page.next };
  });

  mount(app, routes.signalExecution, async (request, reply) => {
    await executions.signal(request.principal, idParam('exec', 'id', request.params.id), request.body.signal);
    return await reply.code(204).send();
  });

  mount(app, routes.cancelExecution, async (request, reply) => {
    const { grace_ms: graceMs = CANCEL_GRACE_MS } = request.body;
    const id = idParam('exec', 'id', request.params.id);
    return toExecutionDto(
      await executions.cancel(request.principal, id, { graceMs, signal: context.signals.of(reply) }),
    );
  });

  mount(app, routes.resizeExecution, async (request, reply) => {
    await executions.resize(request.principal, idParam('exec', 'id', request.params.id), request.body);
    return await reply.code(204).send();
  });
}

/** The command runs on: its output is let go of with the request, and kept by the engine. */
async function answerDetached(reply: FastifyReply, execution: Execution): Promise<FastifyReply> {
  return await reply.code(202).header('location', `/v1/executions/${execution.id}`).send(toExecutionDto(execution));
}

async function answerExec(
  context: V1Context,
  request: FastifyRequest,
  reply: FastifyReply,
  session: ExecutionSession,
): Promise<FastifyReply> {
  if (wantsJson(request.headers.accept)) {
    const { completed, output } = await gatherOutput(session.updates);
    return await reply.send(toFinishedDto(completed, output));
  }
  // From here on the answer can be had again at any time: whoever was cut off need not wait until this one notices.
  context.keys.letGo(request);
  await sendNdjson(reply, execEvents(session), { heartbeatMs: context.limits.heartbeatMs, log: context.log });
  return reply;
}

async function* execEvents({ execution, updates }: ExecutionSession): AsyncGenerator<unknown> {
  yield { type: 'started', execution: toExecutionDto(execution) };
  for await (const update of updates) yield toExecEvent(update);
}

/** The stream is the default; the finished execution has to be asked for by name. */
function wantsJson(accept = ''): boolean {
  return accept.includes('application/json') && !accept.includes('application/x-ndjson');
}

/** Gives a command its whole input, beside the reading of its output: either may have to wait for the other. */
function feed(context: V1Context, request: FastifyRequest, id: ExecutionId, text: string): void {
  const input = { offset: 0, content: oneChunk(Buffer.from(text)), end: true };
  context.engine.executions.writeStdin(request.principal, id, input).catch((error: unknown) => {
    // A command need not read its input: one that ended before is well. All else shows in its output's stream too.
    const reason = error instanceof VolaryError ? error.reason : 'internal.unexpected';
    context.log.debug('input was not taken', { requestId: request.id, reason, error });
  });
}

async function* oneChunk(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  if (bytes.length > 0) yield bytes;
}
