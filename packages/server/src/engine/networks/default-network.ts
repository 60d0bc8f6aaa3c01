import { cidrOf, DEFAULT_NETWORK, type Network } from '../../domain/network/network.ts';
import { poolOf } from '../../domain/network/pool.ts';
import { BUILT_IN_ADMIN } from '../../domain/user/user.ts';
import type { EngineDeps } from '../deps.ts';

/** Makes the network that everybody may use, where there is none yet. */
export async function ensureDefaultNetwork({
  store,
  ids,
  clock,
}: Pick<EngineDeps, 'store' | 'ids' | 'clock'>): Promise<void> {
  await store.transaction(async ({ networks }) => {
    if ((await networks.getByName(DEFAULT_NETWORK.name)) !== null) return;
    const now = clock.now();
    const network: Network = {
      ...DEFAULT_NETWORK,
      id: ids.create('net'),
      owner: BUILT_IN_ADMIN,
      labels: {},
      nextAddress: poolOf(cidrOf(DEFAULT_NETWORK)).first,
      createdAt: now,
      updatedAt: now,
      revision: 1,
    };
    await networks.insert(network);
  });
}
