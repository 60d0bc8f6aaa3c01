import type { AnyImage } from '../../domain/image/image.ts';
import type { StorageUser, StoredThing } from '../../domain/system/usage.ts';
import { toolText } from '../../domain/tool/tool.ts';
import { MOST_VOLUMES } from '../../domain/volume/volume.ts';
import type { KeptThing } from '../../ports/driver.ts';
import type { Abortable } from '../../ports/guest-link.ts';
import type { EngineDeps } from '../deps.ts';
import { findPackUsers } from '../tools/pack-users.ts';
import { currentImages, deploymentsByImage, findContentUsers, findReferences } from './references.ts';

export type StorageDeps = Pick<EngineDeps, 'store' | 'drivers' | 'images' | 'tools'>;

/** By this name goes what builds of images have left, which is removed together. */
export const BUILD_LEFTOVERS = 'builds';

/** Everything on the disk, with what needs it. What is there is looked at first, so that what is made meanwhile is not taken for nobody's. */
export async function measureStorage(deps: StorageDeps, { signal }: Abortable): Promise<readonly StoredThing[]> {
  const { drivers, images, tools, store } = deps;
  const kept = (await Promise.all(drivers.all.map(({ storage }) => storage.list({ signal })))).flat();
  const cached = await images.list();
  const templates = (await drivers.first.warm?.list()) ?? [];
  const packs = await tools.list();
  const builds = await images.sweep({ isDryRun: true });
  const recipes = await currentImages(deps);
  const { byImage, byDisk, bySnapshot, byVolume } = await findReferences(store);
  const byContent = await findContentUsers(store);
  const byImageName = await deploymentsByImage(store);
  const byPack = await findPackUsers(deps, packs);
  const imageUses = new Map((await store.images.listUses()).map(({ name, usedAt }) => [name, usedAt]));
  const recipeOf = (digest: string): readonly StorageUser[] => [recipes.get(digest) ?? []].flat();
  const keptImages = new Map(kept.flatMap(({ kind, id, bytes }) => (kind === 'image' ? [[id, bytes] as const] : [])));

  const usersOfImage = ({ digest, name }: Pick<AnyImage, 'digest' | 'name'>) => [
    ...recipeOf(digest),
    ...(byImage.get(digest) ?? []),
    // From former versions of what the name stands for nobody's next replica is made.
    ...(recipes.has(digest) ? (byImageName.get(name) ?? []) : []),
    ...(byContent.get(name) ?? []),
  ];
  // What is shared with an image that is needed would not be free.
  const inOrder = [...cached].sort(
    (a, b) => Number(usersOfImage(a).length === 0) - Number(usersOfImage(b).length === 0),
  );
  const measured = await images.measure(inOrder.map(({ digest }) => digest));

  const things: StoredThing[] = [];
  for (const { digest, name } of inOrder) {
    const bytes = (measured.get(digest) ?? 0) + (keptImages.get(digest) ?? 0);
    const about = { id: digest, name, bytes, usedAt: imageUses.get(name) ?? null };
    things.push(thing('images', about, usersOfImage({ digest, name })));
    keptImages.delete(digest);
  }
  // Whoever keeps these removes them with the last disk that needs them.
  for (const [id, bytes] of keptImages)
    things.push({
      ...thing('images', { id, name: null, bytes, usedAt: null }, byImage.get(id) ?? []),
      isReclaimable: false,
    });
  for (const { key, imageDigest, sizeBytes, usedAt } of templates)
    things.push(thing('warm_templates', { id: key, name: null, bytes: sizeBytes, usedAt }, recipeOf(imageDigest)));
  for (const { digest, sizeBytes, usedAt, ...pack } of packs)
    things.push(
      thing('tools', { id: digest, name: toolText(pack), bytes: sizeBytes, usedAt }, byPack.get(digest) ?? []),
    );
  const users = { disk: byDisk, snapshot: bySnapshot, volume: byVolume, image: byImage, leftover: new Map() } as const;
  const volumes = await store.volumes.list({ limit: MOST_VOLUMES, after: null });
  const volumeNames = new Map<string, string>(volumes.map(({ id, name }) => [id, name]));
  for (const one of kept) {
    if (one.kind === 'image') continue;
    const found = ofDriver(one, users[one.kind].get(one.id) ?? []);
    things.push({ ...found, name: volumeNames.get(one.id) ?? found.name });
  }
  if (builds.count > 0)
    things.push(thing('leftovers', { id: BUILD_LEFTOVERS, name: null, bytes: builds.bytes, usedAt: null }, []));
  return things;
}

const KINDS = { disk: 'disks', snapshot: 'snapshots', volume: 'volumes', leftover: 'leftovers' } as const;

function ofDriver({ kind, id, bytes, isBusy }: KeptThing, usedBy: readonly StorageUser[]): StoredThing {
  const [user] = usedBy;
  const about = { id, name: user?.id === id ? user.name : null, bytes, usedAt: null };
  const found = thing(kind === 'image' ? 'images' : KINDS[kind], about, usedBy);
  // What is in a volume is wanted, whoever has it; only its owner says that it goes.
  return { ...found, isReclaimable: found.isReclaimable && !isBusy && kind !== 'volume' };
}

function thing(
  kind: StoredThing['kind'],
  about: Pick<StoredThing, 'id' | 'name' | 'bytes' | 'usedAt'>,
  usedBy: readonly StorageUser[],
): StoredThing {
  return { kind, ...about, usedBy, isReclaimable: usedBy.length === 0 };
}
