import type { Forked, ForkItem } from '../apis/snapshot-api.ts';
import type { EngineDeps } from '../deps.ts';
import { outcomeUnknown } from '../idempotency/claims.ts';
import { recallOperation } from '../idempotency/recall.ts';
import type { Claim } from '../requests.ts';
import { readForkResult } from './fork-result.ts';

/** The fork that the claim's request began when it came first, with its VMs as they are now; null when it has not come before. */
export async function recallFork(deps: Pick<EngineDeps, 'store'>, claim: Claim | undefined): Promise<Forked | null> {
  const operation = await recallOperation(deps, claim);
  if (operation === null) return null;
  const kept = readForkResult(operation.result);
  if (operation.kind !== 'vm.fork' || kept === null) throw outcomeUnknown();
  const items: ForkItem[] = [];
  for (const item of kept) {
    if (item.kind === 'refused') {
      items.push(item);
      continue;
    }
    const made = await deps.store.operations.get(item.operationId);
    if (made === null) throw outcomeUnknown();
    items.push({ kind: 'accepted', vm: await deps.store.vms.get(item.vmId), operation: made });
  }
  return { operation, items };
}
