import { VolaryError } from '../../domain/errors.ts';
import type { Principal } from '../../domain/principal/principal.ts';
import type { LeasedVm } from '../../ports/tables/network-tables.ts';
import { recordAudit } from '../audit/record-audit.ts';
import { everyLease } from '../networks/every-lease.ts';
import { findSecurityGroup } from '../queries/find-network.ts';
import type { Unchanged } from '../requests.ts';
import type { NetworkDeps } from './create-network.ts';
import { usedBy } from './delete-network.ts';
import { doneToGroup, groupEvent } from './network-events.ts';
import { requireUnchangedGroup } from './require-unchanged.ts';

/** Removes a security group that no VM is under. */
export async function deleteSecurityGroup(
  deps: NetworkDeps,
  principal: Principal,
  ref: string,
  unchanged: Unchanged = {},
): Promise<void> {
  await deps.store.transaction(async (tables) => {
    const group = await findSecurityGroup(tables, { principal, permission: 'security-group:delete' }, ref);
    requireUnchangedGroup(group, unchanged);
    const vms: LeasedVm[] = [];
    for await (const vm of everyLease(tables)) if (vm.network.securityGroups.includes(group.name)) vms.push(vm);
    if (vms.length > 0) {
      const { message, names } = usedBy(group.name, vms);
      throw new VolaryError('failed_precondition', message, {
        reason: 'security_group.in_use',
        details: { vms: names },
      });
    }
    await tables.securityGroups.delete(group.id, group.revision);
    await tables.events.append([groupEvent('security_group.deleted', group, deps.clock.now())]);
    await recordAudit(tables, deps.clock, principal, doneToGroup('security-group.delete', group));
  });
  deps.bus.publish('events', '');
  deps.bus.publish('networks', '');
}
