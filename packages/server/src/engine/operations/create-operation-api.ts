import type { OperationApi } from '../apis/operation-api.ts';
import type { EngineDeps } from '../deps.ts';
import { createEstimates } from '../queries/estimates.ts';
import { createOperationQueries } from '../queries/operations.ts';
import { type CancelDeps, cancelOperation } from './cancel-operation.ts';

/** The operations of engine.ts. */
export function createOperationApi(deps: CancelDeps & Pick<EngineDeps, 'driver'>): OperationApi {
  return {
    ...createOperationQueries(deps),
    ...createEstimates(deps),
    cancel: (principal, id, options) => cancelOperation(deps, principal, id, options),
  };
}
