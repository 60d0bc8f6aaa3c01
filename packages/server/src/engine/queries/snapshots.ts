import { reachOf } from '../../domain/principal/principal.ts';
import { authorise } from '../access/authorise.ts';
import { ofOwner } from '../access/of-owner.ts';
import type { EngineDeps } from '../deps.ts';
import type { SnapshotApi } from '../snapshot-api.ts';
import { findSnapshot } from './find-snapshot.ts';
import { vmIdOf } from './find-vm.ts';

export function createSnapshotQueries({ store }: Pick<EngineDeps, 'store'>): Pick<SnapshotApi, 'get' | 'list'> {
  return {
    async get(principal, ref) {
      return await findSnapshot(store, { principal, permission: 'snapshot:read' }, ref);
    },
    async list(principal, { limit, after, vm, state }) {
      authorise(principal, 'snapshot:read');
      const sourceId = vm === undefined ? undefined : await vmIdOf(store, principal, vm);
      const rows = await store.snapshots.list({
        limit: limit + 1,
        after,
        isTemporary: false,
        ...ofOwner(reachOf(principal, 'snapshot:read')),
        ...(sourceId === undefined ? {} : { sourceId }),
        ...(state === undefined ? {} : { state }),
      });
      const items = rows.slice(0, limit);
      return { items, next: rows.length > limit ? (items.at(-1)?.id ?? null) : null };
    },
  };
}
