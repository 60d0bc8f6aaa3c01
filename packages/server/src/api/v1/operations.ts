import { routes } from '@volary/contract';
import type { FastifyInstance } from 'fastify';
import type { OperationId } from '../../domain/ids.ts';
import { isFinal, type Operation } from '../../domain/operation/operation.ts';
import type { Principal } from '../../domain/principal/principal.ts';
import type { OperationApi } from '../../engine/apis/operation-api.ts';
import type { Waiting } from '../../engine/apis/waiting.ts';
import { onceOf } from '../idempotency.ts';
import { mount } from '../mount.ts';
import type { V1Context } from './context.ts';
import { toOperationDto } from './dto/operation-dto.ts';
import { toIso } from './dto/to-iso.ts';
import { cursorParam, operationParam } from './parse-param.ts';

/** Operations: list, get, wait, cancel. */
export function mountOperations(app: FastifyInstance, { engine: { operations }, signals }: V1Context): void {
  mount(app, routes.listOperations, async (request) => {
    const { limit = 50, cursor, vm, state, kind } = request.query;
    const page = await operations.list(request.principal, {
      limit,
      after: cursorParam('op', cursor),
      ...(vm === undefined ? {} : { vm }),
      ...(state === undefined ? {} : { state }),
      ...(kind === undefined ? {} : { kind }),
    });
    return { items: page.items.map(toOperationDto), next_cursor: page.next };
  });

  mount(app, routes.getOperation, async (request) => {
    return toOperationDto(await operations.get(request.principal, operationParam(request.params.id)));
  });

  mount(app, routes.estimateOperation, async ({ principal, params }) => {
    const id = operationParam(params.id);
    const { at, isFinal: isOver } = await operations.expect(principal, id);
    return { operation_id: id, completed_at: at === null ? null : toIso(at), is_final: isOver };
  });

  mount(app, routes.waitForOperation, async (request, reply) => {
    const id = operationParam(request.params.id);
    const { timeout = 30, after_revision: revision } = request.query;
    const waiting = { timeoutMs: timeout * 1000, signal: signals.of(reply) };
    if (revision === undefined) return toOperationDto(await operations.wait(request.principal, id, waiting));
    return toOperationDto(await nextChange(operations, request.principal, id, revision, waiting));
  });

  mount(app, routes.cancelOperation, async (request, reply) => {
    const id = operationParam(request.params.id);
    const options = { signal: signals.of(reply), ...onceOf(request) };
    return toOperationDto(await operations.cancel(request.principal, id, options));
  });
}

/** The operation as soon as its revision is above this one, or when it is final; as it is when the time is over. */
async function nextChange(
  operations: OperationApi,
  principal: Principal,
  id: OperationId,
  revision: number,
  { timeoutMs, signal }: Waiting,
): Promise<Operation> {
  const present = await operations.get(principal, id);
  if (present.revision > revision || isFinal(present.state)) return present;
  const overtime = AbortSignal.timeout(timeoutMs);
  const changes = operations.follow(principal, id, { signal: AbortSignal.any([signal, overtime]) });
  try {
    for await (const operation of changes) if (operation.revision > revision) return operation;
  } catch (error) {
    if (!overtime.aborted || signal.aborted) throw error;
  }
  signal.throwIfAborted();
  return await operations.get(principal, id);
}
