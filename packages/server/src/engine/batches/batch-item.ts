import type { BatchItem, BatchOrders } from '../../domain/batch/batch.ts';
import { toVolaryError } from '../../domain/errors.ts';
import type { OperationId, VmId } from '../../domain/ids.ts';
import { isFinal, type Operation } from '../../domain/operation/operation.ts';
import { type Principal, SYSTEM } from '../../domain/principal/principal.ts';
import type { CreateVmRequest } from '../../domain/vm/vm-request.ts';
import type { Abortable } from '../../ports/guest-link.ts';
import { deleteVm } from '../operations/delete-vm.ts';
import { pauseVm } from '../operations/pause-vm.ts';
import type { OperationDeps } from '../operations/request-change.ts';
import { restartVm } from '../operations/restart-vm.ts';
import { resumeVm } from '../operations/resume-vm.ts';
import { startVm } from '../operations/start-vm.ts';
import { stopVm } from '../operations/stop-vm.ts';
import { suspendVm } from '../operations/suspend-vm.ts';
import { waitFor } from '../queries/wait-for.ts';
import type { Accepted, Claim, Once } from '../requests.ts';
import { type CommandDeps, runCommand } from './batch-command.ts';

/** An item of a batch, by its place in it. */
export interface PlacedItem {
  readonly batch: Operation;
  readonly place: number;
  readonly item: BatchItem;
  /** Null where the batch needs none. */
  readonly orders: BatchOrders | null;
}

export type ItemDeps = OperationDeps &
  CommandDeps & {
    /** As the engine's own. */
    readonly createVm: (principal: Principal, request: CreateVmRequest, options: Once) => Promise<Accepted>;
  };

/**
 * Carries an item out and resolves with what came of it. It is accepted at most once, whichever server does it: what it begins is stored together with a key that
 * is made of the batch and its place. `onBegun` is told of that. Rejects only when the signal is aborted.
 */
export async function carryOutItem(
  deps: ItemDeps,
  placed: PlacedItem,
  { signal, onBegun }: Abortable & { readonly onBegun: (item: BatchItem) => void },
): Promise<BatchItem> {
  let { item } = placed;
  const begun = (change: Partial<BatchItem>): void => {
    item = { ...item, ...change, state: 'running' };
    onBegun(item);
  };
  try {
    const once = claimOf(placed.batch.id, placed.place);
    const order = placed.orders?.orders[item.index] ?? null;
    if (item.action === 'exec') {
      const onExecution = (executionId: NonNullable<BatchItem['executionId']>): void => begun({ executionId });
      const asker = askerOf(placed);
      return { ...item, ...(await runCommand(deps, { item, order, once, asker }, { signal, onExecution })) };
    }
    const operation = await acceptItem(deps, placed, once);
    const { id, subject } = operation;
    begun({ operationId: id, ...(subject.kind === 'vm' ? { vmId: subject.id, name: subject.name } : {}) });
    const error = await errorOf(deps, id, signal);
    return { ...item, state: error === null ? 'succeeded' : 'failed', error };
  } catch (thrown) {
    if (signal.aborted) throw thrown;
    const { code, reason, message } = toVolaryError(thrown);
    return { ...item, state: 'failed', error: { code, reason, message } };
  }
}

/** Why an operation failed, when it is over; null: it did not. */
async function errorOf(deps: OperationDeps, id: Operation['id'], signal: AbortSignal): Promise<BatchItem['error']> {
  for (;;) {
    const ended = await waitFor(deps, { topic: 'operation', key: id }, { timeoutMs: 60_000, signal }, async () => {
      const operation = await deps.store.operations.get(id);
      return operation !== null && !isFinal(operation.state) ? undefined : { operation };
    });
    if (ended === undefined) continue;
    // One that is not kept any more ended long ago.
    const error = ended.operation?.error ?? null;
    return error === null ? null : { code: error.code, reason: error.reason, message: error.message };
  }
}

/** The key by which what an item begins is found again. */
export function claimOf(batchId: OperationId, place: number): Claim {
  const [principal, key] = [`batch ${batchId}`, String(place)];
  return { principal, key, fingerprint: '', requestId: batchId, effect: null, answer: null };
}

/** What is asked was permitted when the batch was accepted, to this VM, whose id nobody else gets. What is made takes what its maker could do then. */
function askerOf({ batch, item, orders }: PlacedItem): Principal {
  const asker = { ...SYSTEM, name: batch.principal };
  return item.action === 'create' && orders !== null ? { ...asker, kind: 'user', rights: orders.rights } : asker;
}

async function acceptItem(deps: ItemDeps, placed: PlacedItem, once: Claim): Promise<Pick<Operation, 'id' | 'subject'>> {
  const { item, orders } = placed;
  const { vmId, name } = item;
  if (item.operationId !== null && vmId !== null)
    return { id: item.operationId, subject: { kind: 'vm', id: vmId, name } };
  const earlier = await deps.store.idempotencyKeys.get(once.principal, once.key);
  if (earlier?.effect.kind === 'operation') {
    const { id } = earlier.effect;
    const operation = await deps.store.operations.get(id);
    return operation ?? { id, subject: { kind: 'batch', name } };
  }
  const asker = askerOf(placed);
  if (vmId !== null) return (await request(deps, asker, { ...item, vmId }, once)).operation;
  const order = orders?.orders[item.index];
  if (order?.kind !== 'create') throw new TypeError('nobody knows which VM is to be created');
  return (await deps.createVm(asker, order.request, { once })).operation;
}

async function request(
  deps: OperationDeps,
  asker: Principal,
  { action, vmId, graceMs }: BatchItem & { readonly vmId: VmId },
  once: Claim,
): Promise<Accepted> {
  switch (action) {
    case 'start':
      return await startVm(deps, asker, vmId, { once });
    case 'stop':
      return await stopVm(deps, asker, vmId, { once, graceMs });
    case 'restart':
      return await restartVm(deps, asker, vmId, { once, graceMs });
    case 'pause':
      return await pauseVm(deps, asker, vmId, { once });
    case 'resume':
      return await resumeVm(deps, asker, vmId, { once });
    case 'suspend':
      return await suspendVm(deps, asker, vmId, { once });
    case 'delete':
      return await deleteVm(deps, asker, vmId, { once });
    case 'create':
    case 'exec':
      throw new TypeError('this is no change of a VM');
    default:
      return action satisfies never;
  }
}
