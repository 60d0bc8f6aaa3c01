import { BATCH_LIMITS, BATCH_PERMISSIONS, type BatchItem, checkBatch } from '../../domain/batch/batch.ts';
import { VolaryError } from '../../domain/errors.ts';
import type { Operation } from '../../domain/operation/operation.ts';
import type { Principal } from '../../domain/principal/principal.ts';
import { authorise } from '../access/authorise.ts';
import type { BatchRequest } from '../apis/batch-api.ts';
import { auditTarget, recordAudit } from '../audit/record-audit.ts';
import { toBatchResult } from '../batches/batch-result.ts';
import type { EngineDeps } from '../deps.ts';
import { bindKey } from '../idempotency/claims.ts';
import { recallOperation } from '../idempotency/recall.ts';
import { findVm } from '../queries/find-vm.ts';
import type { Once } from '../requests.ts';
import { operationEvent } from './events.ts';
import { newOperation, type OperationDeps } from './request-change.ts';

type BatchDeps = Pick<OperationDeps, 'store' | 'bus' | 'clock' | 'ids' | 'config'> & Pick<EngineDeps, 'queue'>;

/** Accepts something to be done to many VMs: what they are and who may do it is settled here, once. */
export async function runBatch(
  deps: BatchDeps,
  principal: Principal,
  request: BatchRequest,
  { once }: Once = {},
): Promise<Operation> {
  authorise(principal, 'vm:power');
  checkBatch(request);
  const earlier = await recallOperation(deps, once);
  if (earlier !== null) return earlier;
  const { isStoppedByError, concurrency } = request;
  const subject = { kind: 'batch', name: `${request.items.length} VMs` } as const;
  const made = newOperation(deps, { kind: 'vm.batch', subject, generation: 0, principal: principal.name });
  // Each item has the time that an operation has.
  const rounds = Math.ceil(request.items.length / concurrency);
  const deadlineAt = made.createdAt + rounds * deps.config.limits.operationMs;
  const operation = await deps.store.transaction(async (tables) => {
    const active = (await tables.operations.listActive()).filter(
      ({ kind, owner }) => kind === 'vm.batch' && owner === principal.name,
    );
    if (active.length >= BATCH_LIMITS.active) throw tooMany();
    const items: BatchItem[] = [];
    for (const { action, vm, graceMs } of request.items) {
      const { id: vmId, name } = await findVm(tables, { principal, permission: BATCH_PERMISSIONS[action] }, vm);
      items.push({ action, vmId, name, graceMs, state: 'pending', operationId: null, error: null });
    }
    const stored = { ...made, deadlineAt, result: toBatchResult({ isStoppedByError, concurrency, items }) };
    await tables.operations.insert(stored);
    await tables.events.append([operationEvent('operation.created', stored, stored.createdAt)]);
    await recordAudit(tables, deps.clock, principal, {
      action: 'vm.batch',
      target: auditTarget('operation', { id: stored.id }),
      details: { operation_id: stored.id, items: items.length },
    });
    await bindKey(tables, deps.clock, once, { kind: 'operation', id: stored.id });
    return stored;
  });
  deps.bus.publish('events', '');
  deps.queue.enqueue(`batch:${operation.id}`);
  return operation;
}

function tooMany(): VolaryError {
  const maximum = BATCH_LIMITS.active;
  return new VolaryError('resource_exhausted', `${maximum} of your batches are under way: wait for one of them.`, {
    reason: 'batch.too_many',
    details: { maximum },
  });
}
