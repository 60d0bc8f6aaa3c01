import type { CloudInit as CloudInitDto, CloudInitRequest } from '@volary/contract';
import type { CloudInit } from '../../domain/vm/cloud-init.ts';
import type { VmSpec } from '../../domain/vm/spec.ts';
import { requireReadable } from '../cloud-init-texts.ts';

/** As `/v1` shows it. */
export function toCloudInitDto(cloudInit: CloudInit | null): CloudInitDto | null {
  if (cloudInit === null) return null;
  const { userData, metaData, networkConfig } = cloudInit;
  return { user_data: userData, meta_data: metaData, network_config: networkConfig };
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
    userData: cloud_init.user_data || null,
    metaData: cloud_init.meta_data || null,
    networkConfig: cloud_init.network_config || null,
  };
  const isNothing = Object.values(cloudInit).every((text) => text === null);
  if (isNothing) return { cloudInit: null };
  await requireReadable(cloudInit);
  return { cloudInit };
}
