import { VolaryError } from '../../domain/errors.ts';
import { DEFAULT_NETWORK } from '../../domain/network/network.ts';
import type { Principal } from '../../domain/principal/principal.ts';
import { recordAudit } from '../audit/record-audit.ts';
import { findNetwork } from '../queries/find-network.ts';
import type { Unchanged } from '../requests.ts';
import type { NetworkDeps } from './create-network.ts';
import { doneToNetwork, networkEvent } from './network-events.ts';
import { requireUnchangedNetwork } from './require-unchanged.ts';

/** VMs that a refusal names. */
const MOST_NAMED = 20;

/** Removes a network that no VM is on. */
export async function deleteNetwork(
  deps: NetworkDeps,
  principal: Principal,
  ref: string,
  unchanged: Unchanged = {},
): Promise<void> {
  await deps.store.transaction(async (tables) => {
    const network = await findNetwork(tables, { principal, permission: 'network:delete' }, ref);
    requireUnchangedNetwork(network, unchanged);
    if (network.name === DEFAULT_NETWORK.name) {
      throw new VolaryError('failed_precondition', `The network ${network.name} is always there.`, {
        reason: 'network.built_in',
      });
    }
    const vms = await tables.leases.list({ limit: MOST_NAMED, after: null, networkId: network.id });
    if (vms.length > 0) {
      const { message, names } = usedBy(network.name, vms);
      throw new VolaryError('failed_precondition', message, { reason: 'network.in_use', details: { vms: names } });
    }
    await tables.networks.delete(network.id, network.revision);
    await tables.events.append([networkEvent('network.deleted', network, deps.clock.now())]);
    await recordAudit(tables, deps.clock, principal, doneToNetwork('network.delete', network));
  });
  deps.bus.publish('events', '');
  deps.bus.publish('networks', '');
}

/** The VMs that something has to do without before it can go: a sentence, and their names. */
export function usedBy(
  what: string,
  vms: readonly { readonly name: string }[],
): { readonly message: string; readonly names: readonly string[] } {
  const names = vms.slice(0, MOST_NAMED).map(({ name }) => name);
  const more = vms.length < MOST_NAMED ? '' : ' and perhaps others';
  return { message: `${what} is used by ${names.join(', ')}${more}.`, names };
}
