import type { StorageUser, StoredThing } from '../../domain/system/usage.ts';
import type { KeptThing } from '../../ports/driver.ts';
import type { Abortable } from '../../ports/guest-link.ts';
import type { EngineDeps } from '../deps.ts';
import { currentImages, findReferences } from './references.ts';

export type StorageDeps = Pick<EngineDeps, 'store' | 'driver' | 'images'>;

/** By this name goes what builds of images have left, which is removed together. */
export const BUILD_LEFTOVERS = 'builds';

/** Everything on the disk, with what needs it. What is there is looked at first, so that what is made meanwhile is not taken for nobody's. */
export async function measureStorage(deps: StorageDeps, { signal }: Abortable): Promise<readonly StoredThing[]> {
  const { driver, images, store } = deps;
  const kept = await driver.storage.list({ signal });
  const cached = await images.list();
  const templates = (await driver.warm?.list()) ?? [];
  const builds = await images.sweep({ isDryRun: true });
  const recipes = await currentImages(deps);
  const { byImage, byDisk, bySnapshot } = await findReferences(store);
  const recipeOf = (digest: string): readonly StorageUser[] => [recipes.get(digest) ?? []].flat();
  const keptImages = new Map(kept.flatMap(({ kind, id, bytes }) => (kind === 'image' ? [[id, bytes] as const] : [])));

  const usersOfImage = (digest: string) => [...recipeOf(digest), ...(byImage.get(digest) ?? [])];
  // What is shared with an image that is needed would not be free.
  const inOrder = [...cached].sort(
    (a, b) => Number(usersOfImage(a.digest).length === 0) - Number(usersOfImage(b.digest).length === 0),
  );
  const measured = await images.measure(inOrder.map(({ digest }) => digest));

  const things: StoredThing[] = [];
  for (const { digest, name } of inOrder) {
    const bytes = (measured.get(digest) ?? 0) + (keptImages.get(digest) ?? 0);
    things.push(thing('images', { id: digest, name, bytes }, usersOfImage(digest)));
    keptImages.delete(digest);
  }
  // Whoever keeps these removes them with the last disk that needs them.
  for (const [id, bytes] of keptImages)
    things.push({ ...thing('images', { id, name: null, bytes }, byImage.get(id) ?? []), isReclaimable: false });
  for (const { key, imageDigest, sizeBytes } of templates)
    things.push(thing('warm_templates', { id: key, name: null, bytes: sizeBytes }, recipeOf(imageDigest)));
  const users = { disk: byDisk, snapshot: bySnapshot, image: byImage, leftover: new Map() } as const;
  for (const one of kept) if (one.kind !== 'image') things.push(ofDriver(one, users[one.kind].get(one.id) ?? []));
  if (builds.count > 0) things.push(thing('leftovers', { id: BUILD_LEFTOVERS, name: null, bytes: builds.bytes }, []));
  return things;
}

const KINDS = { disk: 'disks', snapshot: 'snapshots', leftover: 'leftovers' } as const;

function ofDriver({ kind, id, bytes, isBusy }: KeptThing, usedBy: readonly StorageUser[]): StoredThing {
  const [user] = usedBy;
  const about = { id, name: user?.id === id ? user.name : null, bytes };
  const found = thing(kind === 'image' ? 'images' : KINDS[kind], about, usedBy);
  return { ...found, isReclaimable: found.isReclaimable && !isBusy };
}

function thing(
  kind: StoredThing['kind'],
  about: Pick<StoredThing, 'id' | 'name' | 'bytes'>,
  usedBy: readonly StorageUser[],
): StoredThing {
  return { kind, ...about, usedBy, isReclaimable: usedBy.length === 0 };
}
