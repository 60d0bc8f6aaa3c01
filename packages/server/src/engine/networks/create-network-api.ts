import type { NetworkApi, SecurityGroupApi } from '../apis/network-api.ts';
import { createNetwork, type NetworkDeps } from '../operations/create-network.ts';
import { createSecurityGroup } from '../operations/create-security-group.ts';
import { deleteNetwork } from '../operations/delete-network.ts';
import { deleteSecurityGroup } from '../operations/delete-security-group.ts';
import { updateNetwork } from '../operations/update-network.ts';
import { updateSecurityGroup } from '../operations/update-security-group.ts';
import { createNetworkQueries, createSecurityGroupQueries } from '../queries/networks.ts';

export function createNetworkApi(deps: NetworkDeps): NetworkApi {
  return {
    create: (principal, request) => createNetwork(deps, principal, request),
    update: (principal, ref, change, unchanged) => updateNetwork(deps, principal, ref, change, unchanged),
    delete: (principal, ref, unchanged) => deleteNetwork(deps, principal, ref, unchanged),
    ...createNetworkQueries(deps),
  };
}

export function createSecurityGroupApi(deps: NetworkDeps): SecurityGroupApi {
  return {
    create: (principal, request) => createSecurityGroup(deps, principal, request),
    update: (principal, ref, change, unchanged) => updateSecurityGroup(deps, principal, ref, change, unchanged),
    delete: (principal, ref, unchanged) => deleteSecurityGroup(deps, principal, ref, unchanged),
    ...createSecurityGroupQueries(deps),
  };
}
