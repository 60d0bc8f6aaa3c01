import type { FastifyInstance } from 'fastify';
import { VolaryError } from '../../../domain/errors.ts';
import { type OperationId, uuidOf } from '../../../domain/ids.ts';
import type { Operation } from '../../../domain/operation/operation.ts';
import type { Principal } from '../../../domain/principal/principal.ts';
import type { Engine } from '../../../engine/engine.ts';
import type { FaceContext } from '../../face.ts';
import { mount } from '../../mount.ts';
import { taskIdsOf, vmIdOf } from './ids.ts';
import { outputOfTask, outputsOfList } from './outputs.ts';
import { routes } from './routes.ts';
import type { Task } from './schemas.ts';
import { toExecution, toExecutionStatus, toExecutionTask, toOperationTask } from './translate.ts';

/** Commands and tasks: a command is a task, and its execution has the same UUID. */
export function mountCommands(app: FastifyInstance, { engine, signals }: FaceContext): void {
  mount(app, routes.executeCommand, async ({ principal, params, body }, reply) => {
    const { command, args = [] } = body;
    const request = {
      ...{ argv: [command, ...args], env: {}, cwd: '', user: '', tty: null },
      ...{ hasStdin: false, timeoutMs: 0 },
    };
    // It runs on by itself: its output is kept, and nobody runs it again, whatever it exits with.
    const { execution } = await engine.executions.start(principal, vmIdOf(params.id), request, {
      signal: signals.of(reply),
    });
    const { id, vmId, state } = execution;
    return await reply.code(202).send({ task_id: uuidOf(id), vm_id: uuidOf(vmId), status: toExecutionStatus(state) });
  });

  mount(app, routes.listExecutions, async ({ principal, params, query }, reply) => {
    const { limit = 50, offset = 0 } = query;
    const { items, total } = await engine.executions.browse(principal, { limit, offset, vm: vmIdOf(params.id) });
    const executions = [];
    for await (const { execution, output } of outputsOfList(engine, principal, items, signals.of(reply)))
      executions.push(toExecution(execution, output));
    return { executions, total };
  });

  mount(app, routes.getTask, async ({ principal, params }, reply) => {
    const ids = taskIdsOf(params.id);
    const operation = await findOperation(engine, principal, ids.operation);
    if (operation !== null) return await operationTask(engine, principal, operation);
    const execution = await engine.executions.get(principal, ids.execution);
    return toExecutionTask(execution, await outputOfTask(engine, principal, execution, signals.of(reply)));
  });
}

async function operationTask({ vms }: Engine, principal: Principal, operation: Operation): Promise<Task> {
  const { subject } = operation;
  const vm = subject.kind === 'vm' ? await unlessUnknown('vm.unknown', vms.get(principal, subject.id)) : null;
  return toOperationTask(operation, vm);
}

async function findOperation({ operations }: Engine, principal: Principal, id: OperationId): Promise<Operation | null> {
  return await unlessUnknown('operation.unknown', operations.get(principal, id));
}

async function unlessUnknown<T>(reason: string, asked: Promise<T>): Promise<T | null> {
  return await asked.catch((error: unknown) => {
    if (error instanceof VolaryError && error.reason === reason) return null;
    throw error;
  });
}
