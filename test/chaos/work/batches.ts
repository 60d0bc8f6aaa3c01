/** What clients ask for by one request: several changes of VMs that others work on too, a new VM, the end of one. */
import type { BatchItemRequest } from '@volary/contract';
import { type KnownVm, possible } from '../book.ts';
import { follow, noted, type WorkDeps } from './asking.ts';

const ACTIONS = ['start', 'stop', 'restart', 'pause', 'resume', 'suspend', 'start'] as const;
const MOST_ITEMS = 4;

/** Some of what a batch asks for is possible when its turn comes, and some is not. */
export async function workOnBatches(deps: WorkDeps): Promise<void> {
  const { client, book, random, bounds, signal } = deps;
  const vms = possible(book.vms).filter(({ deletion, isFork }) => deletion === null && isFork !== true);
  if (vms.length === 0) return;
  const items: BatchItemRequest[] = Array.from({ length: 1 + random.below(MOST_ITEMS) }, () => ({
    action: random.pick(ACTIONS) ?? 'stop',
    vm: random.pick(vms)?.name ?? '',
    grace_ms: 300,
  }));
  if (vms.length < bounds.mostVms && random.isTrue(0.4)) items.push(creation(deps));
  const doomed = random.isTrue(0.1) ? random.pick(vms) : undefined;
  if (doomed !== undefined) items.push({ action: 'delete', vm: doomed.name });
  // Whether it is made or deleted shows when the batch is over.
  if (doomed !== undefined) doomed.deletion = 'asked';
  const request = { items, concurrency: random.isTrue(0.5) ? 1 : 3, stop_on_error: random.isTrue(0.3) };
  const what = items.map(({ action, vm, spec }) => `${action} ${vm ?? spec?.name}`).join(', ');
  const { id } = await noted(book, `batch of ${what}`, () => client.batches.run(request, { signal }));
  book.batches.add(id);
  await follow(deps, id);
}

function creation({ book }: WorkDeps): BatchItemRequest {
  const vm: KnownVm = { name: `c${book.nextNumber()}`, id: null, creation: 'asked', deletion: null };
  book.vms.push(vm);
  return { action: 'create', spec: { name: vm.name, memory_mib: 128 } };
}
