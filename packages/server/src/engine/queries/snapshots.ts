import { parseId } from '../../domain/ids.ts';
import { authorise } from '../access/authorise.ts';
import type { EngineDeps } from '../deps.ts';
import type { SnapshotApi } from '../snapshot-api.ts';
import { findSnapshot } from './find-snapshot.ts';
import { findVm } from './find-vm.ts';

export function createSnapshotQueries({ store }: Pick<EngineDeps, 'store'>): Pick<SnapshotApi, 'get' | 'list'> {
  return {
    async get(principal, ref) {
      authorise(principal, 'snapshot:read');
      return await findSnapshot(store, ref);
    },
    async list(principal, { limit, after, vm, state }) {
      authorise(principal, 'snapshot:read');
      const sourceId = vm === undefined ? undefined : (parseId('vm', vm) ?? (await findVm(store, vm)).id);
      const rows = await store.snapshots.list({
        limit: limit + 1,
        after,
        isTemporary: false,
        ...(sourceId === undefined ? {} : { sourceId }),
        ...(state === undefined ? {} : { state }),
      });
      const items = rows.slice(0, limit);
      return { items, next: rows.length > limit ? (items.at(-1)?.id ?? null) : null };
    },
  };
}
