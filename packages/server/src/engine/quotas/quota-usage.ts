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

/** What this user has. */
export async function quotaUsageOf(
  { vms, snapshots, executions }: Pick<Tables, 'vms' | 'snapshots' | 'executions'>,
  name: string,
): Promise<QuotaUsage> {
  return {
    ...(await vms.usageOf(name)),
    snapshots: await snapshots.countOf(name),
    executions: await executions.countActiveOf(name),
  };
}
