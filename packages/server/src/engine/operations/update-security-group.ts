import { checkLabels } from '../../domain/labels/labels.ts';
import { checkSecurityGroup, type SecurityGroup } from '../../domain/network/security-group.ts';
import type { Principal } from '../../domain/principal/principal.ts';
import type { SecurityGroupSettings } from '../apis/network-api.ts';
import { recordAudit } from '../audit/record-audit.ts';
import { findSecurityGroup } from '../queries/find-network.ts';
import type { Unchanged } from '../requests.ts';
import type { NetworkDeps } from './create-network.ts';
import { doneToGroup, groupEvent } from './network-events.ts';
import { changedAt, requireUnchangedGroup } from './require-unchanged.ts';

/** Changes rules; what the VMs under them have opened is judged anew. */
export async function updateSecurityGroup(
  deps: NetworkDeps,
  principal: Principal,
  ref: string,
  change: Partial<SecurityGroupSettings>,
  unchanged: Unchanged = {},
): Promise<SecurityGroup> {
  const changed = await deps.store.transaction(async (tables) => {
    const before = await findSecurityGroup(tables, { principal, permission: 'security-group:update' }, ref);
    requireUnchangedGroup(before, unchanged);
    const now = deps.clock.now();
    const stamps = { updatedAt: changedAt(before, now), revision: before.revision + 1 };
    const after: SecurityGroup = { ...before, ...change, ...stamps };
    checkSecurityGroup(after);
    checkLabels(after.labels);
    await tables.securityGroups.update(after);
    await tables.events.append([groupEvent('security_group.updated', after, now)]);
    await recordAudit(tables, deps.clock, principal, doneToGroup('security-group.update', after));
    return after;
  });
  deps.bus.publish('events', '');
  deps.bus.publish('networks', '');
  return changed;
}
