/** Makes and removes volumes. One that a disk of a VM becomes is made by the deletion of that VM, in its turn. */
import type { Volume } from '../../domain/volume/volume.ts';
import type { VolumeContent } from '../../ports/driver-volumes.ts';
import type { EngineConfig, EngineDeps } from '../deps.ts';
import { createResourceKeeper, type ResourceKeeper } from '../resources/resource-keeper.ts';
import { volumesOf } from './driver-of-volume.ts';
import { VOLUME_KIND } from './volume-kind.ts';

type KeeperDeps = Pick<
  EngineDeps,
  'store' | 'bus' | 'clock' | 'ids' | 'queue' | 'drivers' | 'images' | 'log' | 'tracer'
> & {
  readonly config: EngineConfig;
};

export type VolumeKeeper = ResourceKeeper<Volume['id']>;

export function createVolumeKeeper(deps: KeeperDeps): VolumeKeeper {
  const { store, drivers } = deps;
  return createResourceKeeper<Volume>(deps, {
    ...VOLUME_KIND,
    name: 'volume',
    keyOf: (id) => `volume:${id}`,
    steps: { make: 'make-volume', remove: 'remove-volume' },
    find: (id) => store.volumes.get(id),
    // Should that be over, it either has been made, or never will be.
    isOwnMaking: async ({ origin }) => origin.kind !== 'vm' || (await store.vms.get(origin.id)) === null,
    make: async (volume, signal) => {
      const { id, sizeGib } = volume;
      const content = await contentOf(deps, volume, signal);
      await volumesOf(drivers, volume).create({ id, sizeGib, content }, { signal });
      return { facts: {} };
    },
    remove: (volume, signal) => volumesOf(drivers, volume).remove(volume.id, { signal }),
    explain: async (_volume, fault) => fault,
    settle: async () => true,
  });
}

/** What it begins with, had here. */
async function contentOf({ images }: KeeperDeps, { origin }: Volume, signal: AbortSignal): Promise<VolumeContent> {
  // Nobody follows how far it is: the volume is one step.
  const options = { signal, onProgress: () => undefined };
  switch (origin.kind) {
    case 'empty':
      return { kind: 'empty' };
    case 'content':
      return { kind: 'image', image: await images.ensureContent(origin.content, options) };
    case 'image':
      return { kind: 'image', image: await images.ensure(origin.image, options) };
    case 'volume':
      return { kind: 'volume', id: origin.id };
    case 'vm':
      return { kind: 'vm', vmId: origin.id, disk: origin.disk };
    default:
      return origin satisfies never;
  }
}
