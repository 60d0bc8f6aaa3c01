import { totalDiskGib } from '../../domain/vm/extra-disk.ts';
import type { VmSpec } from '../../domain/vm/spec.ts';
import type { HostFacts } from '../../ports/host-facts.ts';
import type { EngineConfig } from '../deps.ts';
import { admitQuota } from '../quotas/admit-quota.ts';
import { admitMachines } from '../scheduler/admission.ts';

/**
 * Refuses so many more VMs like this if there is no room for all of them: none is made then. To be called in the transaction of the request. Throws
 * `resource_exhausted` quota.exceeded / host.no_memory / host.no_disk, with how many there is room for.
 */
export async function admitReplicas(
  tables: Parameters<typeof admitQuota>[0],
  { owner, spec, count }: { readonly owner: string; readonly spec: VmSpec; readonly count: number },
  facts: HostFacts,
  limits: EngineConfig['limits'],
): Promise<void> {
  if (count <= 0) return;
  const { vcpuCount, memoryMib } = spec;
  const diskGib = totalDiskGib(spec);
  const asked = { vms: count, vcpus: count * vcpuCount, memoryMib: count * memoryMib, diskGib: count * diskGib };
  await admitQuota(tables, owner, asked, limits);
  admitMachines({ count, memoryMib, diskGib }, facts, await tables.vms.promised(), limits);
}
