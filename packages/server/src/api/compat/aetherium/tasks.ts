import { VolaryError } from '../../../domain/errors.ts';
import type { Execution } from '../../../domain/execution/execution.ts';
import type { OperationId } from '../../../domain/ids.ts';
import type { Operation } from '../../../domain/operation/operation.ts';
import type { Principal } from '../../../domain/principal/principal.ts';
import type { Vm } from '../../../domain/vm/vm.ts';
import type { Engine } from '../../../engine/engine.ts';
import { taskIdsOf } from './ids.ts';

/** A task is an operation, with its VM as it is now (null where that is gone, or it is about no VM), or an execution. */
export type FoundTask =
  | { readonly kind: 'operation'; readonly operation: Operation; readonly vm: Vm | null }
  | { readonly kind: 'execution'; readonly execution: Execution };

/** The task that a UUID names. Throws `invalid_argument` request.invalid, `not_found` execution.unknown. */
export async function findTask(engine: Engine, principal: Principal, uuid: string): Promise<FoundTask> {
  const ids = taskIdsOf(uuid);
  const operation = await findOperation(engine, principal, ids.operation);
  if (operation === null)
    return { kind: 'execution', execution: await engine.executions.get(principal, ids.execution) };
  const { subject } = operation;
  const vm = subject.kind === 'vm' ? await unlessUnknown('vm.unknown', engine.vms.get(principal, subject.id)) : null;
  return { kind: 'operation', operation, vm };
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
