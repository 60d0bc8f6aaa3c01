import type { FastifyInstance } from 'fastify';
import { uuidOf } from '../../../domain/ids.ts';
import type { FaceContext } from '../../face.ts';
import { mount } from '../../mount.ts';
import { vmIdOf } from './ids.ts';
import { outputOfTask, outputsOfList } from './outputs.ts';
import { routes } from './routes.ts';
import { findTask } from './tasks.ts';
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
    const task = await findTask(engine, principal, params.id);
    if (task.kind === 'operation') return toOperationTask(task.operation, task.vm);
    const { execution } = task;
    return toExecutionTask(execution, await outputOfTask(engine, principal, execution, signals.of(reply)));
  });
}
