/** Which names of images there are: those that the image source knows by itself, and those that users defined. */
import type { Tables } from '../../ports/store.ts';
import type { EngineDeps } from '../deps.ts';

type KnownDeps = Pick<EngineDeps, 'images'> & { readonly store: Pick<Tables, 'images'> };

const PAGE = 500;

/** The built-in ones first. */
export async function namesOfImages({ images, store }: KnownDeps): Promise<readonly string[]> {
  const names = [...images.builtIns()];
  let after: string | null = null;
  for (;;) {
    const page = await store.images.list({ limit: PAGE, after });
    names.push(...page.map(({ name }) => name));
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE) return names;
    after = last.name;
  }
}

/** Whether VMs can be made from an image of this name. */
export async function isKnownImage({ images, store }: KnownDeps, name: string): Promise<boolean> {
  return images.builtIns().includes(name) || (await store.images.get(name)) !== null;
}

/** Whether the image of this name is a whole system, which starts by firmware and is none of ours: it may have no agent, and takes its time. */
export async function isWholeSystem({ store }: Pick<KnownDeps, 'store'>, name: string): Promise<boolean> {
  const definition = (await store.images.get(name))?.definition;
  return definition?.kind === 'disk' && definition.boot === 'firmware';
}
