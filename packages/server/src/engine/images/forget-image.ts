import type { Tables } from '../../ports/store.ts';

/** Has a name stand for nothing any more: what is known of it goes with that. */
export async function forgetImage(
  { images, namedLabels }: Pick<Tables, 'images' | 'namedLabels'>,
  name: string,
): Promise<void> {
  await images.delete(name);
  await images.forgetUse(name);
  await namedLabels.put('image', name, {});
}
