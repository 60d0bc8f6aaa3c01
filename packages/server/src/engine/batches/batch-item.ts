import type { BatchItem } from '../../domain/batch/batch.ts';
import { toVolaryError } from '../../domain/errors.ts';
import { isFinal, type Operation } from '../../domain/operation/operation.ts';
import { type Principal, SYSTEM } from '../../domain/principal/principal.ts';
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
import type { Accepted, Claim } from '../requests.ts';

/** An item of a batch, by its place in it. */
export interface PlacedItem {
  readonly batch: Operation;
  readonly index: number;
  readonly item: BatchItem;
}

/**
 * Carries an item out and resolves with what came of it. It is accepted at most once, whichever server does it: its operation is stored together with a key that
 * is made of the batch and its place. `onAccepted` is told the operation. Rejects only when the signal is aborted.
 */
export async function carryOutItem(
  deps: OperationDeps,
  placed: PlacedItem,
  { signal, onAccepted }: Abortable & { readonly onAccepted: (id: Operation['id']) => void },
): Promise<BatchItem> {
  const { item } = placed;
  try {
    const id = await acceptItem(deps, placed);
    onAccepted(id);
    for (;;) {
      const ended = await waitFor(deps, { topic: 'operation', key: id }, { timeoutMs: 60_000, signal }, async () => {
        const operation = await deps.store.operations.get(id);
        return operation !== null && !isFinal(operation.state) ? undefined : { operation };
      });
      if (ended === undefined) continue;
      // One that is not kept any more ended long ago.
      const error = ended.operation?.error ?? null;
      if (error === null) return { ...item, operationId: id, state: 'succeeded', error: null };
      const { code, reason, message } = error;
      return { ...item, operationId: id, state: 'failed', error: { code, reason, message } };
    }
  } catch (thrown) {
    if (signal.aborted) throw thrown;
    const { code, reason, message } = toVolaryError(thrown);
    return { ...item, state: 'failed', error: { code, reason, message } };
  }
}

async function acceptItem(deps: OperationDeps, { batch, index, item }: PlacedItem): Promise<Operation['id']> {
  if (item.operationId !== null) return item.operationId;
  const [principal, key] = [`batch ${batch.id}`, String(index)];
  const earlier = await deps.store.idempotencyKeys.get(principal, key);
  if (earlier?.effect.kind === 'operation') return earlier.effect.id;
  const once = { principal, key, fingerprint: '', requestId: batch.id, effect: null, answer: null };
  // What is asked was permitted when the batch was accepted, to this VM, whose id nobody else gets.
  const asker = { ...SYSTEM, name: batch.principal };
  return (await request(deps, asker, item, once)).operation.id;
}

async function request(deps: OperationDeps, asker: Principal, item: BatchItem, once: Claim): Promise<Accepted> {
  const { action, vmId, graceMs } = item;
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
    default:
      return action satisfies never;
  }
}
