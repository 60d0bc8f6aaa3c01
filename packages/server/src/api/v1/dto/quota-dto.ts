import type { QuotaState as QuotaStateDto } from '@volary/contract';
import type { QuotaState } from '../../../engine/apis/quota-api.ts';

/** What one user may have, and has, as `/v1` shows it. */
export function toQuotaStateDto({ limits, used }: QuotaState): QuotaStateDto {
  return { limits: renamed(limits), used: renamed(used) };
}

function renamed<T>({
  vms,
  vcpus,
  memoryMib,
  diskGib,
  snapshots,
  executions,
}: Readonly<Record<'vms' | 'vcpus' | 'memoryMib' | 'diskGib' | 'snapshots' | 'executions', T>>) {
  return { vms, vcpus, memory_mib: memoryMib, disk_gib: diskGib, snapshots, executions };
}
