import { VolaryError } from '../../domain/errors.ts';
import { QUOTA_KINDS, QUOTA_WORDS, type Quota, type QuotaKind } from '../../domain/user/quota.ts';
import type { Tables } from '../../ports/store.ts';
import type { EngineConfig } from '../deps.ts';
import { type CountedTables, quotaLimitsOf, quotaUsageOf } from './quota-usage.ts';

/**
 * Refuses what would take its owner past a quota. To be called in the transaction of the effect, before that: so many at once get no more than
 * one after the other. Throws `resource_exhausted` quota.exceeded with the figures.
 */
export async function admitQuota(
  tables: CountedTables & Pick<Tables, 'users'>,
  owner: string,
  asked: Quota,
  limits: EngineConfig['limits'],
): Promise<void> {
  const most = await quotaLimitsOf(tables, owner, limits);
  const bounded = QUOTA_KINDS.filter((kind) => most[kind] !== null && (asked[kind] ?? 0) > 0);
  // Most have no bound, and are not counted.
  if (bounded.length === 0) return;
  const used = await quotaUsageOf(tables, owner);
  for (const kind of bounded) {
    const figures = { limit: most[kind] ?? 0, used: used[kind], asked: asked[kind] ?? 0 };
    if (figures.used + figures.asked > figures.limit) throw exceeded(owner, kind, figures);
  }
}

const NAMES: Readonly<Record<QuotaKind, string>> = {
  vms: 'VMs',
  vcpus: 'virtual processors',
  memoryMib: 'MiB of memory',
  diskGib: 'GiB of disk',
  snapshots: 'snapshots',
  executions: 'commands at once',
  networks: 'networks',
  securityGroups: 'security groups',
};

function exceeded(
  owner: string,
  kind: QuotaKind,
  { limit, used, asked }: { readonly limit: number; readonly used: number; readonly asked: number },
): VolaryError {
  return new VolaryError(
    'resource_exhausted',
    `${owner} may have ${limit} ${NAMES[kind]}, and has ${used}; this takes ${asked} more.`,
    { reason: 'quota.exceeded', details: { quota: QUOTA_WORDS[kind], limit, used, asked } },
  );
}
