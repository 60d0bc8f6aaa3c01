import { reachOf } from '../../domain/principal/principal.ts';
import type { Volume } from '../../domain/volume/volume.ts';
import type { Tables } from '../../ports/store.ts';
import { authorise } from '../access/authorise.ts';
import { ofOwner } from '../access/of-owner.ts';
import type { ShownVolume, VolumeApi } from '../apis/volume-api.ts';
import type { EngineDeps } from '../deps.ts';
import { findVolume } from './find-volume.ts';
import { selectedPage } from './selected-page.ts';

/** The volume with who has it. */
export async function shownVolume({ volumes }: Pick<Tables, 'volumes'>, volume: Volume): Promise<ShownVolume> {
  return { volume, holders: await volumes.holdersOf(volume.id) };
}

export function createVolumeQueries({ store }: Pick<EngineDeps, 'store'>): Pick<VolumeApi, 'get' | 'list'> {
  return {
    get: async (principal, ref) =>
      await shownVolume(store, await findVolume(store, { principal, permission: 'volume:read' }, ref)),
    async list(principal, asked) {
      authorise(principal, 'volume:read');
      const reach = ofOwner(reachOf(principal, 'volume:read'));
      const { items, next } = await selectedPage(asked, (page) => store.volumes.list({ ...page, ...reach }));
      return { items: await Promise.all(items.map((volume) => shownVolume(store, volume))), next };
    },
  };
}
