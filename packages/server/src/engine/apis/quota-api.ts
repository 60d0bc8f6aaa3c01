import type { Principal } from '../../domain/principal/principal.ts';
import type { QuotaLimits, QuotaUsage } from '../../domain/user/quota.ts';
import { authorise } from '../access/authorise.ts';
import type { EngineConfig, EngineDeps } from '../deps.ts';
import { quotaLimitsOf, quotaUsageOf } from '../quotas/quota-usage.ts';

/** What one user may have, and has. */
export interface QuotaState {
  readonly limits: QuotaLimits;
  readonly used: QuotaUsage;
}

export interface QuotaApi {
  /** The asker's own. */
  own(principal: Principal): Promise<QuotaState>;
  /** That of the user of this name. Throws `permission_denied` access.denied. */
  of(principal: Principal, name: string): Promise<QuotaState>;
}

export function createQuotaApi({
  store,
  config,
}: Pick<EngineDeps, 'store'> & { readonly config: EngineConfig }): QuotaApi {
  async function state(name: string): Promise<QuotaState> {
    return { limits: await quotaLimitsOf(store, name, config.limits), used: await quotaUsageOf(store, name) };
  }

  return {
    own: ({ name }) => state(name),
    async of(principal, name) {
      authorise(principal, 'user:read');
      return await state(name);
    },
  };
}
