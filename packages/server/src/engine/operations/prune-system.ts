import type { Operation } from '../../domain/operation/operation.ts';
import type { Principal } from '../../domain/principal/principal.ts';
import { authorise } from '../access/authorise.ts';
import type { PruneRequest } from '../apis/system-api.ts';
import { auditTarget, recordAudit } from '../audit/record-audit.ts';
import type { EngineDeps } from '../deps.ts';
import { bindKey } from '../idempotency/claims.ts';
import { recallOperation } from '../idempotency/recall.ts';
import type { Once } from '../requests.ts';
import { toPruneResult } from '../system/prune-result.ts';
import { operationEvent } from './events.ts';
import { newOperation, type OperationDeps } from './request-change.ts';

type PruneDeps = Pick<OperationDeps, 'store' | 'bus' | 'clock' | 'ids' | 'config' | 'tracer'> &
  Pick<EngineDeps, 'queue'>;

/** Asks for what nothing needs to be removed. */
export async function pruneSystem(
  deps: PruneDeps,
  principal: Principal,
  { kinds, isDryRun }: PruneRequest,
  { once }: Once = {},
): Promise<Operation> {
  authorise(principal, 'system:prune');
  const earlier = await recallOperation(deps, once);
  if (earlier !== null) return earlier;
  const subject = { kind: 'system', name: 'host' } as const;
  const made = newOperation(deps, { kind: 'system.prune', subject, generation: 0, principal: principal.name });
  const operation: Operation = { ...made, result: toPruneResult({ kinds, isDryRun, items: null }) };
  await deps.store.transaction(async (tables) => {
    await tables.operations.insert(operation);
    await tables.events.append([operationEvent('operation.created', operation, operation.createdAt)]);
    await recordAudit(tables, deps.clock, principal, {
      action: 'system.prune',
      target: auditTarget('system', { name: 'host' }),
      details: { operation_id: operation.id, kinds, dry_run: isDryRun },
    });
    await bindKey(tables, deps.clock, once, { kind: 'operation', id: operation.id });
  });
  deps.bus.publish('events', '');
  deps.queue.enqueue(`prune:${operation.id}`);
  return operation;
}
