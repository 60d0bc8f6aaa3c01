import {
  BATCH_LIMITS,
  BATCH_PERMISSIONS,
  type BatchItem,
  type BatchOrder,
  type BatchOrders,
  checkBatch,
} from '../../domain/batch/batch.ts';
import { VolaryError } from '../../domain/errors.ts';
import type { VmId } from '../../domain/ids.ts';
import type { Operation } from '../../domain/operation/operation.ts';
import { type Principal, reachOf } from '../../domain/principal/principal.ts';
import type { Vm } from '../../domain/vm/vm.ts';
import type { Tables } from '../../ports/store.ts';
import { authorise } from '../access/authorise.ts';
import { ofOwner } from '../access/of-owner.ts';
import type { Asker } from '../access/require-visible.ts';
import type { BatchRequest, BatchTarget } from '../apis/batch-api.ts';
import { auditTarget, recordAudit } from '../audit/record-audit.ts';
import { toBatchResult } from '../batches/batch-result.ts';
import type { EngineDeps } from '../deps.ts';
import { bindKey } from '../idempotency/claims.ts';
import { recallOperation } from '../idempotency/recall.ts';
import { findVm } from '../queries/find-vm.ts';
import { selectedPage } from '../queries/selected-page.ts';
import type { Once } from '../requests.ts';
import { operationEvent } from './events.ts';
import { newOperation, type OperationDeps } from './request-change.ts';

type BatchDeps = Pick<OperationDeps, 'store' | 'bus' | 'clock' | 'ids' | 'config' | 'tracer'> &
  Pick<EngineDeps, 'queue'>;

/** Accepts something to be done to many VMs: what they are and who may do it is settled here, once. */
export async function runBatch(
  deps: BatchDeps,
  principal: Principal,
  request: BatchRequest,
  { once }: Once = {},
): Promise<Operation> {
  const actions = new Set(request.items.map(({ action }) => action));
  for (const action of actions) authorise(principal, BATCH_PERMISSIONS[action]);
  checkBatch(request);
  const earlier = await recallOperation(deps, once);
  if (earlier !== null) return earlier;
  const { isStoppedByError, concurrency } = request;
  const subject = { kind: 'batch', name: `${request.items.length} VMs` } as const;
  const made = newOperation(deps, { kind: 'vm.batch', subject, generation: 0, principal: principal.name });
  const operation = await deps.store.transaction(async (tables) => {
    const active = (await tables.operations.listActive()).filter(
      ({ kind, owner }) => kind === 'vm.batch' && owner === principal.name,
    );
    if (active.length >= BATCH_LIMITS.active) throw tooMany();
    const items = await findItems(tables, principal, request.items);
    checkBatch({ concurrency, items });
    const rounds = Math.ceil(items.length / concurrency);
    const stored: Operation = {
      ...made,
      subject: { kind: 'batch', name: `${items.length} VMs` },
      // Each item has the time that an operation has.
      deadlineAt: made.createdAt + rounds * deps.config.limits.operationMs,
      result: toBatchResult({ isStoppedByError, concurrency, items }),
    };
    await tables.operations.insert(stored);
    const orders = ordersOf(request.items);
    if (Object.keys(orders).length > 0)
      await tables.batchOrders.insert(stored.id, { rights: principal.rights, orders });
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

/** With an item for each VM that a selector stands for. */
async function findItems(
  tables: Tables,
  principal: Principal,
  asked: BatchRequest['items'],
): Promise<readonly BatchItem[]> {
  const items: BatchItem[] = [];
  for (const [index, item] of asked.entries()) {
    const { action } = item;
    const rest = { ...UNTOUCHED, action, index, graceMs: 'graceMs' in item ? item.graceMs : 0 };
    if (item.action === 'create') items.push({ ...rest, vmId: null, name: item.request.name ?? '' });
    else {
      const asker = { principal, permission: BATCH_PERMISSIONS[action] };
      const most = BATCH_LIMITS.items.maximum - items.length;
      const vms = await findTargets(tables, asker, item.target, most);
      for (const { id: vmId, name } of vms) items.push({ ...rest, vmId, name });
    }
  }
  return items;
}

const UNTOUCHED = { state: 'pending', operationId: null, executionId: null, outcome: null, error: null } as const;

/** At most one more than `most`. */
async function findTargets(
  tables: Tables,
  asker: Asker,
  target: BatchTarget,
  most: number,
): Promise<readonly Pick<Vm, 'id' | 'name'>[]> {
  if ('vm' in target) return [await findVm(tables, asker, target.vm)];
  const { selector } = target;
  const owner = ofOwner(reachOf(asker.principal, asker.permission));
  const { items } = await selectedPage<VmId, Vm>({ limit: most + 1, after: null, selector }, (page) =>
    tables.vms.list({ ...page, ...owner }),
  );
  if (items.length > 0) return items;
  throw new VolaryError('not_found', `No VM of yours has such labels: ${selector}.`, {
    reason: 'batch.nothing_selected',
    details: { selector },
  });
}

function ordersOf(items: BatchRequest['items']): BatchOrders['orders'] {
  const orders: Record<string, BatchOrder> = {};
  for (const [index, item] of items.entries()) {
    if (item.action === 'create') orders[index] = { kind: 'create', request: item.request };
    if (item.action === 'exec') orders[index] = { kind: 'exec', request: item.request };
  }
  return orders;
}

function tooMany(): VolaryError {
  const maximum = BATCH_LIMITS.active;
  return new VolaryError('resource_exhausted', `${maximum} of your batches are under way: wait for one of them.`, {
    reason: 'batch.too_many',
    details: { maximum },
  });
}
