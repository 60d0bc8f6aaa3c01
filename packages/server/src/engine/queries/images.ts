import type { Principal } from '../../domain/principal/principal.ts';
import { authorise } from '../access/authorise.ts';
import type { EngineDeps } from '../deps.ts';
import type { ImageEntry } from '../engine.ts';
import { namesOfImages } from '../images/known-images.ts';

/** Every name with what was made of it, and what was made of names that are gone. */
export async function listImages(
  deps: Pick<EngineDeps, 'images' | 'store'>,
  principal: Principal,
): Promise<readonly ImageEntry[]> {
  authorise(principal, 'image:read');
  const { images } = deps;
  const built = await images.list();
  const names = new Set([...(await namesOfImages(deps)), ...built.map((image) => image.name)]);
  return await Promise.all(
    [...names].map(async (name) => {
      const current = await images.find(name);
      return { name, current, older: built.filter((image) => image.name === name && image.digest !== current?.digest) };
    }),
  );
}
