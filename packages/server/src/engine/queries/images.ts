import type { Principal } from '../../domain/principal/principal.ts';
import { authorise } from '../access/authorise.ts';
import type { EngineDeps } from '../deps.ts';
import type { ImageEntry } from '../engine.ts';

/** Every recipe with what was built of it, and what was built of recipes that are gone. */
export async function listImages(
  { images }: Pick<EngineDeps, 'images'>,
  principal: Principal,
): Promise<readonly ImageEntry[]> {
  authorise(principal, 'image:read');
  const built = await images.list();
  const names = new Set([...images.recipes(), ...built.map((image) => image.name)]);
  return await Promise.all(
    [...names].map(async (name) => {
      const current = images.recipes().includes(name) ? await images.find(name) : null;
      return { name, current, older: built.filter((image) => image.name === name && image.digest !== current?.digest) };
    }),
  );
}
