import { limitsOf, type QuotaLimits, type QuotaUsage } from '../../domain/user/quota.ts';
import { BUILT_IN_ADMIN } from '../../domain/user/user.ts';
import type { Tables } from '../../ports/store.ts';
import type { EngineConfig } from '../deps.ts';

type Limits = Pick<EngineConfig['limits'], 'quota'>;

/** What this user may have. The built-in administrator has no bounds but those that were set for it. */
export async function quotaLimitsOf(
  { users }: Pick<Tables, 'users'>,
  name: string,
  { quota }: Limits,
): Promise<QuotaLimits> {
  const user = await users.getByName(name);
  return limitsOf(user?.quota ?? null, name === BUILT_IN_ADMIN ? {} : quota);
}

/** Tables of what is limited. */
export type CountedTables = Pick<
  Tables,
  'vms' | 'snapshots' | 'executions' | 'volumes' | 'networks' | 'securityGroups'
>;

/** What this user has. */
export async function quotaUsageOf(
  { vms, snapshots, executions, volumes, networks, securityGroups }: CountedTables,
  name: string,
): Promise<QuotaUsage> {
  const ofVms = await vms.usageOf(name);
  return {
    ...ofVms,
    diskGib: ofVms.diskGib + (await volumes.sizeOf(name)),
    snapshots: await snapshots.countOf(name),
    executions: await executions.countActiveOf(name),
    networks: await networks.countOf(name),
    securityGroups: await securityGroups.countOf(name),
  };
}
