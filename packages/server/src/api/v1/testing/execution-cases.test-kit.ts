import type { OperationName } from '@volary/contract';
import type { Examples } from './examples.test-kit.ts';
import { type Case, NO_EXECUTION, RUNNING, UNKNOWN_VM } from './routes.test-kit.ts';

type ExecutionRoute = Extract<
  OperationName,
  | 'execInVm'
  | 'getExecution'
  | 'listExecutions'
  | 'readOutput'
  | 'writeStdin'
  | 'signalExecution'
  | 'cancelExecution'
  | 'resizeExecution'
>;

/** What has to be shown of the routes of commands. */
export function executionCases({ client, runningCommand }: Examples): Readonly<Record<ExecutionRoute, Case>> {
  return {
    execInVm: {
      ask: () => ({ ...RUNNING, body: { argv: ['echo', 'hi'] } }),
      status: 200,
      failing: { ask: { params: { ref: 'stopped' }, body: { argv: ['true'] } }, status: 409, reason: 'vm.not_running' },
    },
    getExecution: {
      ask: async () => ({ params: { id: await runningCommand() } }),
      status: 200,
      failing: { ask: { params: { id: NO_EXECUTION } }, status: 404, reason: 'execution.unknown' },
    },
    listExecutions: { ask: () => RUNNING, status: 200, failing: UNKNOWN_VM },
    readOutput: {
      ask: async () => ({
        params: { id: (await client().executions.run('first', { argv: ['echo', 'hi'] })).execution.id },
      }),
      status: 200,
      failing: { ask: { params: { id: NO_EXECUTION } }, status: 404, reason: 'execution.unknown' },
    },
    writeStdin: {
      ask: async () => ({ params: { id: await runningCommand() }, query: { end: true }, body: Buffer.from('hi') }),
      status: 200,
      failing: { ask: { params: { id: NO_EXECUTION } }, status: 404, reason: 'execution.unknown' },
    },
    signalExecution: {
      ask: async () => ({ params: { id: await runningCommand() }, body: { signal: 'SIGTERM' } }),
      status: 204,
      failing: {
        ask: { params: { id: NO_EXECUTION }, body: { signal: 'SIGNONE' } },
        status: 400,
        reason: 'execution.unknown_signal',
      },
    },
    cancelExecution: {
      ask: async () => ({ params: { id: await runningCommand() } }),
      status: 200,
      failing: { ask: { params: { id: NO_EXECUTION } }, status: 404, reason: 'execution.unknown' },
    },
    resizeExecution: {
      ask: async () => ({ params: { id: await runningCommand() }, body: { rows: 40, columns: 100 } }),
      status: 204,
      failing: {
        ask: { params: { id: NO_EXECUTION }, body: { rows: 0, columns: 100 } },
        status: 400,
        reason: 'request.invalid',
      },
    },
  };
}
