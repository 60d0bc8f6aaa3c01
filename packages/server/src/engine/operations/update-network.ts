import { checkLabels } from '../../domain/labels/labels.ts';
import { checkPolicy, type Network } from '../../domain/network/network.ts';
import type { Egress } from '../../domain/network/traffic.ts';
import type { Principal } from '../../domain/principal/principal.ts';
import type { NetworkChange, NetworkUse } from '../apis/network-api.ts';
import { recordAudit } from '../audit/record-audit.ts';
import { findNetwork } from '../queries/find-network.ts';
import { useOf } from '../queries/networks.ts';
import type { Unchanged } from '../requests.ts';
import type { NetworkDeps } from './create-network.ts';
import { doneToNetwork, networkEvent } from './network-events.ts';
import { changedAt, requireUnchangedNetwork } from './require-unchanged.ts';

/** Changes what the guests of a network may reach; what they have opened is judged anew. */
export async function updateNetwork(
  deps: NetworkDeps,
  principal: Principal,
  ref: string,
  { egress, dns, labels }: NetworkChange,
  unchanged: Unchanged = {},
): Promise<NetworkUse> {
  if (labels !== undefined) checkLabels(labels);
  const changed = await deps.store.transaction(async (tables) => {
    const before = await findNetwork(tables, { principal, permission: 'network:update' }, ref);
    requireUnchangedNetwork(before, unchanged);
    const now = deps.clock.now();
    const after: Network = {
      ...before,
      egress: mergeEgress(before.egress, egress ?? {}),
      dns: dns === undefined ? before.dns : dns,
      labels: labels ?? before.labels,
      updatedAt: changedAt(before, now),
      revision: before.revision + 1,
    };
    checkPolicy(after);
    await tables.networks.update(after);
    await tables.events.append([networkEvent('network.updated', after, now)]);
    await recordAudit(tables, deps.clock, principal, doneToNetwork('network.update', after));
    return after;
  });
  deps.bus.publish('events', '');
  deps.bus.publish('networks', '');
  return await useOf(deps.store, changed);
}

/** A list alone means that it is what counts; another policy has none. */
function mergeEgress(before: Egress, { policy, allow }: Partial<Egress>): Egress {
  const merged = policy ?? (allow === undefined ? before.policy : 'allowlist');
  return { policy: merged, allow: allow ?? (merged === 'allowlist' ? before.allow : []) };
}
