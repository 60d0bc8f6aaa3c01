import { type Principal, reachOf } from '../../domain/principal/principal.ts';
import { authorise } from '../access/authorise.ts';
import { ofOwner } from '../access/of-owner.ts';
import type { AlertApi, AlertSelection } from '../apis/alert-api.ts';
import type { EngineDeps } from '../deps.ts';
import { vmIdOf } from './find-vm.ts';

export function createAlertQueries({ store }: Pick<EngineDeps, 'store'>): AlertApi {
  async function filterOf(principal: Principal, { state, kind, vm }: AlertSelection) {
    authorise(principal, 'vm:read');
    return {
      ...ofOwner(reachOf(principal, 'vm:read')),
      ...(state === undefined ? {} : { state }),
      ...(kind === undefined ? {} : { kind }),
      ...(vm === undefined ? {} : { vmId: await vmIdOf(store, principal, vm) }),
    };
  }

  return {
    async list(principal, { limit, after, ...selection }) {
      const rows = await store.alerts.list({ ...(await filterOf(principal, selection)), limit: limit + 1, after });
      const items = rows.slice(0, limit);
      return { items, next: rows.length > limit ? (items.at(-1)?.id ?? null) : null };
    },
    count: async (principal, selection) => await store.alerts.count(await filterOf(principal, selection)),
  };
}
