import type { QuotaState as QuotaStateDto } from '@volary/contract';
import type { QuotaKind } from '../../../domain/user/quota.ts';
import type { QuotaState } from '../../../engine/apis/quota-api.ts';

/** What one user may have, and has, as `/v1` shows it. */
export function toQuotaStateDto({ limits, used }: QuotaState): QuotaStateDto {
  return { limits: renamed(limits), used: renamed(used) };
}

function renamed<T>({ memoryMib, diskGib, securityGroups, ...same }: Readonly<Record<QuotaKind, T>>) {
  return { ...same, memory_mib: memoryMib, disk_gib: diskGib, security_groups: securityGroups };
}
