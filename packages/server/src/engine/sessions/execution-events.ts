import type { EventType, NewEvent } from '../../domain/events.ts';
import type { Execution } from '../../domain/execution/execution.ts';
import type { EpochMs } from '../../domain/time.ts';

/** An event about an execution. Of the command only the program is told: arguments may hold secrets. */
export function executionEvent(type: EventType, execution: Execution, at: EpochMs): NewEvent {
  return {
    type,
    at,
    subject: execution.id,
    vmId: execution.vmId,
    owner: execution.owner,
    operationId: null,
    data: {
      program: execution.request.argv[0] ?? '',
      state: execution.state,
      exit_code: execution.exitCode,
      signal: execution.signal,
      incarnation: execution.incarnation,
    },
  };
}
