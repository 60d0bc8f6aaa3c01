import { VolaryError } from '../../domain/errors.ts';
import { checkLabels } from '../../domain/labels/labels.ts';
import { overlaps } from '../../domain/network/cidr.ts';
import { checkNetwork, cidrOf, NETWORK_LIMITS, type Network } from '../../domain/network/network.ts';
import { poolOf } from '../../domain/network/pool.ts';
import type { Principal } from '../../domain/principal/principal.ts';
import { checkVmName } from '../../domain/vm/spec.ts';
import type { Tables } from '../../ports/store.ts';
import { authorise } from '../access/authorise.ts';
import type { CreateNetworkRequest, NetworkUse } from '../apis/network-api.ts';
import { recordAudit } from '../audit/record-audit.ts';
import type { EngineConfig, EngineDeps } from '../deps.ts';
import { useOf } from '../queries/networks.ts';
import { admitQuota } from '../quotas/admit-quota.ts';
import { doneToNetwork, networkEvent } from './network-events.ts';

export type NetworkDeps = Pick<EngineDeps, 'store' | 'bus' | 'clock' | 'ids'> & {
  readonly config: Pick<EngineConfig, 'limits'>;
};

/** Makes a network that has no address in common with another. */
export async function createNetwork(
  deps: NetworkDeps,
  principal: Principal,
  request: CreateNetworkRequest,
): Promise<NetworkUse> {
  authorise(principal, 'network:create');
  checkVmName(request.name);
  checkNetwork(request);
  checkLabels(request.labels);
  const now = deps.clock.now();
  const made: Network = {
    ...request,
    id: deps.ids.create('net'),
    owner: principal.name,
    nextAddress: poolOf(cidrOf(request)).first,
    createdAt: now,
    updatedAt: now,
    revision: 1,
  };
  await deps.store.transaction(async (tables) => {
    await requireRoom(tables, made);
    // The name first: who repeats a request is told that it was heard.
    if ((await tables.networks.getByName(made.name)) === null)
      await admitQuota(tables, made.owner, { networks: 1 }, deps.config.limits);
    await tables.networks.insert(made);
    await tables.events.append([networkEvent('network.created', made, now)]);
    await recordAudit(tables, deps.clock, principal, doneToNetwork('network.create', made));
  });
  deps.bus.publish('events', '');
  deps.bus.publish('networks', '');
  return await useOf(deps.store, made);
}

async function requireRoom({ networks }: Tables, made: Network): Promise<void> {
  const others = await networks.list({ limit: NETWORK_LIMITS.count, after: null });
  if (others.length >= NETWORK_LIMITS.count) {
    throw new VolaryError(
      'resource_exhausted',
      `There are ${NETWORK_LIMITS.count} networks, and there may be no more.`,
      {
        reason: 'network.too_many',
        details: { maximum: NETWORK_LIMITS.count },
      },
    );
  }
  // The name first: who repeats a request is told that it was heard.
  if (others.some(({ name }) => name === made.name)) return;
  const other = others.find((one) => overlaps(cidrOf(one), cidrOf(made)));
  if (other === undefined) return;
  // Whose that is, and what it is called, is nobody else's business.
  throw new VolaryError(
    'already_exists',
    `${made.cidr} has addresses in common with ${other.cidr}, which is another network's.`,
    {
      reason: 'network.overlaps',
      details: { field: 'cidr', cidr: made.cidr, other: other.cidr },
    },
  );
}
