import type { MetricInterval, Vm, VmMetrics } from '@volary/contract';
import type { VolaryClient } from '@volary/sdk';

const PAGE_ITEMS = 200;

/** All VMs, or those with such labels, and what each did: some requests for all of them together, however many they are. */
export async function findRows(
  { vms, metrics }: Pick<VolaryClient, 'vms' | 'metrics'>,
  { interval, selector }: { readonly interval: MetricInterval; readonly selector?: string },
): Promise<readonly { readonly vm: Vm; readonly metrics: VmMetrics | null }[]> {
  const which = { limit: PAGE_ITEMS, ...(selector === undefined ? {} : { selector }) };
  const known = new Map<string, VmMetrics>();
  for await (const one of metrics.listAll({ ...which, interval })) known.set(one.vm_id, one);
  const rows = [];
  // Nothing is known yet of a VM that was made between the two questions.
  for await (const vm of vms.listAll(which)) rows.push({ vm, metrics: known.get(vm.id) ?? null });
  return rows;
}
