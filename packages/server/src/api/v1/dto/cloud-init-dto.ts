import type { CloudInit as CloudInitDto, CloudInitRequest, CloudInitStatus as StatusDto } from '@volary/contract';
import type { CloudInit } from '../../../domain/vm/cloud-init.ts';
import type { CloudInitStatus } from '../../../domain/vm/cloud-init-status.ts';
import type { VmSpec } from '../../../domain/vm/spec.ts';
import { plainUserData, requireReadable } from '../../cloud-init-texts.ts';
import { toIsoOrNull } from './to-iso.ts';

/** As `/v1` shows it. */
export function toCloudInitDto(cloudInit: CloudInit | null): CloudInitDto | null {
  if (cloudInit === null) return null;
  const { userData, metaData, networkConfig } = cloudInit;
  return { user_data: userData, meta_data: metaData, network_config: networkConfig };
}

export function toCloudInitStatusDto(status: CloudInitStatus | null): StatusDto | null {
  if (status === null) return null;
  const { state, executionId, errors, completedAt } = status;
  return { state, execution_id: executionId, errors: [...errors], completed_at: toIsoOrNull(completedAt) };
}

/** What was asked for, as a part of a spec; texts of nothing are none. Throws `invalid_argument` vm.invalid_cloud_init. */
export async function toCloudInitSpec({
  cloud_init,
}: {
  readonly cloud_init?: CloudInitRequest | null;
}): Promise<Partial<Pick<VmSpec, 'cloudInit'>>> {
  if (cloud_init === undefined) return {};
  if (cloud_init === null) return { cloudInit: null };
  const cloudInit: CloudInit = {
    userData: await plainUserData(cloud_init.user_data || null),
    metaData: cloud_init.meta_data || null,
    networkConfig: cloud_init.network_config || null,
  };
  const isNothing = Object.values(cloudInit).every((text) => text === null);
  if (isNothing) return { cloudInit: null };
  await requireReadable(cloudInit);
  return { cloudInit };
}
