import { reachOf } from '../../domain/principal/principal.ts';
import { authorise } from '../access/authorise.ts';
import { ofOwner } from '../access/of-owner.ts';
import type { SnapshotApi } from '../apis/snapshot-api.ts';
import type { EngineDeps } from '../deps.ts';
import { findSnapshot } from './find-snapshot.ts';
import { vmIdOf } from './find-vm.ts';
import { selectedPage } from './selected-page.ts';

export function createSnapshotQueries({ store }: Pick<EngineDeps, 'store'>): Pick<SnapshotApi, 'get' | 'list'> {
  return {
    async get(principal, ref) {
      return await findSnapshot(store, { principal, permission: 'snapshot:read' }, ref);
    },
    async list(principal, { vm, state, ...asked }) {
      authorise(principal, 'snapshot:read');
      const sourceId = vm === undefined ? undefined : await vmIdOf(store, principal, vm);
      return await selectedPage(asked, (page) =>
        store.snapshots.list({
          ...page,
          isTemporary: false,
          ...ofOwner(reachOf(principal, 'snapshot:read')),
          ...(sourceId === undefined ? {} : { sourceId }),
          ...(state === undefined ? {} : { state }),
        }),
      );
    },
  };
}
