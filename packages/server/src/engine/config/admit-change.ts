import type { Vm } from '../../domain/vm/vm.ts';
import type { HostFacts } from '../../ports/host-facts.ts';
import type { Tables } from '../../ports/store.ts';
import type { EngineConfig } from '../deps.ts';
import { hasMachine } from '../operations/request-change.ts';
import { admitQuota } from '../quotas/admit-quota.ts';
import { admitDisk, admitMemory } from '../scheduler/admission.ts';

/**
 * Refuses what a VM is to have more, if its owner may not have it, or the host cannot give it: memory of one that has a machine, and
 * disk. To be called in the transaction of the change, before that. Throws `resource_exhausted` quota.exceeded, host.no_memory, host.no_disk.
 */
export async function admitChange(
  tables: Tables,
  { before, after }: { readonly before: Vm; readonly after: Vm },
  facts: HostFacts,
  limits: EngineConfig['limits'],
): Promise<void> {
  const isPowered = hasMachine(after.desired.power);
  const [old, spec] = [before.spec, after.spec];
  const diskGib = spec.diskGib - old.diskGib;
  const memoryMib = isPowered ? spec.memoryMib - old.memoryMib : 0;
  const vcpus = isPowered ? spec.vcpuCount - old.vcpuCount : 0;
  await admitQuota(tables, after.owner, { vcpus, memoryMib, diskGib }, limits);
  if (memoryMib <= 0 && diskGib <= 0) return;
  const promised = await tables.vms.promised();
  if (memoryMib > 0) admitMemory(memoryMib, facts, promised, limits);
  if (diskGib > 0) admitDisk(diskGib, facts, promised, limits);
}
