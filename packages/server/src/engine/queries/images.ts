import { isBootable } from '../../domain/image/image.ts';
import { parseSelector, selects } from '../../domain/labels/selector.ts';
import { may, type Principal } from '../../domain/principal/principal.ts';
import { authorise } from '../access/authorise.ts';
import type { ImageEntry } from '../apis/image-api.ts';
import type { EngineDeps } from '../deps.ts';
import { namesOfImages } from '../images/known-images.ts';
import { unknownImage } from '../operations/build-image.ts';

type QueryDeps = Pick<EngineDeps, 'images' | 'store'>;

/** Every name with what was made of it, and what was made of names that are gone. */
export async function listImages(
  deps: QueryDeps,
  principal: Principal,
  { selector = '' }: { readonly selector?: string } = {},
): Promise<readonly ImageEntry[]> {
  authorise(principal, 'image:read');
  const wanted = parseSelector(selector);
  return (await findEntries(deps, principal)).filter(({ labels }) => selects(wanted, labels));
}

/** One of them. Throws `not_found` image.unknown. */
export async function getImage(deps: QueryDeps, principal: Principal, name: string): Promise<ImageEntry> {
  authorise(principal, 'image:read');
  const found = (await findEntries(deps, principal, name))[0];
  if (found === undefined) throw unknownImage(name);
  return found;
}

async function findEntries(deps: QueryDeps, principal: Principal, only?: string): Promise<readonly ImageEntry[]> {
  const { images, store } = deps;
  const isOriginTold = may(principal, 'image:create', null);
  const built = (await images.list()).filter(isBootable);
  const builtIns = images.builtIns();
  const uses = new Map((await store.images.listUses()).map(({ name, usedAt }) => [name, usedAt]));
  const labels = await store.namedLabels.list('image');
  const names = new Set([...(await namesOfImages(deps)), ...built.map((image) => image.name)]);
  return await Promise.all(
    [...names]
      .filter((name) => only === undefined || name === only)
      .map(async (name): Promise<ImageEntry> => {
        const current = await images.find(name);
        return {
          name,
          isBuiltIn: builtIns.includes(name),
          labels: labels.get(name) ?? {},
          stored: await store.images.get(name),
          isOriginTold,
          lastUsedAt: uses.get(name) ?? null,
          current,
          older: built.filter((image) => image.name === name && image.digest !== current?.digest),
        };
      }),
  );
}
