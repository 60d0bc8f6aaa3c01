import { cidrOf, type Network } from '../../domain/network/network.ts';
import { capacityOf, poolOf } from '../../domain/network/pool.ts';
import { reachOf } from '../../domain/principal/principal.ts';
import type { Tables } from '../../ports/store.ts';
import { authorise } from '../access/authorise.ts';
import { ofOwner } from '../access/of-owner.ts';
import type { NetworkApi, NetworkUse, SecurityGroupApi } from '../apis/network-api.ts';
import type { EngineDeps } from '../deps.ts';
import { findNetwork, findSecurityGroup } from './find-network.ts';
import { selectedPage } from './selected-page.ts';

/** The network with how much of it is in use. */
export async function useOf({ leases }: Pick<Tables, 'leases'>, network: Network): Promise<NetworkUse> {
  const pool = poolOf(cidrOf(network));
  return { network, total: capacityOf(pool), used: await leases.countIn(network.id, pool) };
}

export function createNetworkQueries({ store }: Pick<EngineDeps, 'store'>): Pick<NetworkApi, 'get' | 'list'> {
  return {
    get: async (principal, ref) =>
      useOf(store, await findNetwork(store, { principal, permission: 'network:read' }, ref)),
    async list(principal, asked) {
      authorise(principal, 'network:read');
      const reach = ofOwner(reachOf(principal, 'network:read'));
      const { items, next } = await selectedPage(asked, (page) => store.networks.list({ ...page, ...reach }));
      return { items: await Promise.all(items.map((network) => useOf(store, network))), next };
    },
  };
}

export function createSecurityGroupQueries({
  store,
}: Pick<EngineDeps, 'store'>): Pick<SecurityGroupApi, 'get' | 'list'> {
  return {
    get: (principal, ref) => findSecurityGroup(store, { principal, permission: 'security-group:read' }, ref),
    async list(principal, asked) {
      authorise(principal, 'security-group:read');
      const reach = ofOwner(reachOf(principal, 'security-group:read'));
      return await selectedPage(asked, (page) => store.securityGroups.list({ ...page, ...reach }));
    },
  };
}
