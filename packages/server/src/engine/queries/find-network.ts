import { VolaryError } from '../../domain/errors.ts';
import { parseId } from '../../domain/ids.ts';
import { DEFAULT_NETWORK, type Network } from '../../domain/network/network.ts';
import type { SecurityGroup } from '../../domain/network/security-group.ts';
import type { Tables } from '../../ports/store.ts';
import { type Asker, requireVisible } from '../access/require-visible.ts';

/** The network with this id or name; everybody may see the one that is built in. Throws `not_found` network.unknown, `permission_denied` access.denied. */
export async function findNetwork({ networks }: Pick<Tables, 'networks'>, asker: Asker, ref: string): Promise<Network> {
  const id = parseId('net', ref);
  const found = id === null ? await networks.getByName(ref) : await networks.get(id);
  const unknown = () =>
    new VolaryError('not_found', `There is no network ${ref}.`, { reason: 'network.unknown', details: { ref } });
  if (found?.name !== DEFAULT_NETWORK.name || asker.permission !== 'network:read')
    return requireVisible(asker, found, 'network:read', unknown);
  requireVisible(asker, { owner: asker.principal.name }, 'network:read', unknown);
  return found;
}

/** The security group with this id or name. Throws `not_found` security_group.unknown, `permission_denied` access.denied. */
export async function findSecurityGroup(
  { securityGroups }: Pick<Tables, 'securityGroups'>,
  asker: Asker,
  ref: string,
): Promise<SecurityGroup> {
  const id = parseId('sg', ref);
  const found = id === null ? await securityGroups.getByName(ref) : await securityGroups.get(id);
  return requireVisible(asker, found, 'security-group:read', () => {
    return new VolaryError('not_found', `There is no security group ${ref}.`, {
      reason: 'security_group.unknown',
      details: { ref },
    });
  });
}
