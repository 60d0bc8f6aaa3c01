import { VolaryError } from '../../domain/errors.ts';
import { checkLabels } from '../../domain/labels/labels.ts';
import { checkSecurityGroup, SECURITY_GROUP_LIMITS, type SecurityGroup } from '../../domain/network/security-group.ts';
import type { Principal } from '../../domain/principal/principal.ts';
import { checkVmName } from '../../domain/vm/spec.ts';
import { authorise } from '../access/authorise.ts';
import type { CreateSecurityGroupRequest } from '../apis/network-api.ts';
import { recordAudit } from '../audit/record-audit.ts';
import { admitQuota } from '../quotas/admit-quota.ts';
import type { NetworkDeps } from './create-network.ts';
import { doneToGroup, groupEvent } from './network-events.ts';

/** Makes rules that VMs can be put under. */
export async function createSecurityGroup(
  deps: NetworkDeps,
  principal: Principal,
  request: CreateSecurityGroupRequest,
): Promise<SecurityGroup> {
  authorise(principal, 'security-group:create');
  checkVmName(request.name);
  checkSecurityGroup(request);
  checkLabels(request.labels);
  const now = deps.clock.now();
  const stamps = { createdAt: now, updatedAt: now, revision: 1 };
  const made: SecurityGroup = { ...request, id: deps.ids.create('sg'), owner: principal.name, ...stamps };
  await deps.store.transaction(async (tables) => {
    const maximum = SECURITY_GROUP_LIMITS.count;
    if ((await tables.securityGroups.count()) >= maximum) {
      throw new VolaryError('resource_exhausted', `There are ${maximum} security groups, and there may be no more.`, {
        reason: 'security_group.too_many',
        details: { maximum },
      });
    }
    // The name first: who repeats a request is told that it was heard.
    if ((await tables.securityGroups.getByName(made.name)) === null)
      await admitQuota(tables, made.owner, { securityGroups: 1 }, deps.config.limits);
    await tables.securityGroups.insert(made);
    await tables.events.append([groupEvent('security_group.created', made, now)]);
    await recordAudit(tables, deps.clock, principal, doneToGroup('security-group.create', made));
  });
  deps.bus.publish('events', '');
  deps.bus.publish('networks', '');
  return made;
}
