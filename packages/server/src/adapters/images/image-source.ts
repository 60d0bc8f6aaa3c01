/**
 * Images, made on this machine from Debian's packages and kept below the cache directory:
 *
 *   images/<name>-<digest>/   kernel, initramfs, root.raw, manifest.json: one complete image, named by what is in it
 *   roots/<name>-<digest>/    kernel, root.raw, facts.json: what does not depend on our agent, named by what it is made from
 *
 * An image links to the files of its root, so that a changed agent costs a new initramfs only. Everything appears by a
 * rename, complete or not at all; what was begun and not finished has a name of its own and is thrown away by the next build.
 */

import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { VolaryError } from '../../domain/errors.ts';
import {
  contentNameOf,
  type DiskContent,
  type DiskDefinition,
  type ImageDefinition,
} from '../../domain/image/definition.ts';
import { type AnyImage, type ContentImage, type Image, isBootable } from '../../domain/image/image.ts';
import type { EnsureOptions, FindDefinition, ImageSource } from '../../ports/image-source.ts';
import type { Log } from '../../ports/log.ts';
import { tryBuildLock } from '../shared/build-lock.ts';
import type { Fetcher } from '../shared/fetch/fetcher.ts';
import { isUnreadable } from '../shared/read-facts.ts';
import { buildImage } from './build-image.ts';
import { cachePaths, findBySources, readAll, requireBootable } from './cache.ts';
import { agentSources, imageSources, rootSources } from './digests.ts';
import type { ContentDefinition } from './disk/disk-import.ts';
import { diskSources } from './disk/disk-sources.ts';
import { importDisk } from './disk/import-disk.ts';
import { directoryName, IMAGE_FILES, isOfDigest } from './manifest.ts';
import { measureImages } from './measure-images.ts';
import { type Recipe, readRecipes, recipeOn } from './recipe.ts';
import { removeUnusedRoots } from './roots.ts';
import { createSharedBuild, type SharedBuild } from './shared-build.ts';
import { sweepCache } from './sweep-cache.ts';

/** What images of users need besides. */
export interface ImportDeps {
  readonly definitionOf: FindDefinition;
  readonly fetcher: Fetcher;
  /** Absolute: files below these may be imported. */
  readonly folders: readonly string[];
  /** What the disk of an import may have, bytes. */
  readonly maxBytes: number;
}

export interface ImageSourceDeps {
  /** Without them it makes the images of its own recipes alone. */
  readonly imports?: ImportDeps;
  /** Absolute. */
  readonly cacheDir: string;
  /** The checkout's `guest/` directory, with `agent/` and `image/`. Absolute. */
  readonly guestPath: string;
  readonly log: Log;
}

/** The image of ours whose kernel starts disks that bring none. */
const BASE = 'base';

/** What a name is to be made of. `sources`: digest of all that. */
type Plan = { readonly name: string; readonly sources: string } & (
  | { readonly kind: 'recipe'; readonly recipe: Recipe; readonly rootSources: string }
  | { readonly kind: 'disk'; readonly definition: DiskDefinition | ContentDefinition; readonly imports: ImportDeps }
);

/** Reads the recipes once; nothing is built before it is asked for. */
export async function createImageSource(deps: ImageSourceDeps): Promise<ImageSource> {
  const { cacheDir, guestPath, log, imports } = deps;
  const recipes = await readRecipes(join(guestPath, 'image'));
  const customizeScriptPath = join(guestPath, 'image', 'customize.sh');
  const scripts = {
    customize: await readFile(customizeScriptPath, 'utf8'),
    add: await readFile(join(guestPath, 'image', 'add.sh'), 'utf8'),
  };
  const cache = cachePaths(cacheDir);
  const building = new Map<string, SharedBuild>();

  async function planRecipe(recipe: Recipe): Promise<Plan> {
    const root = rootSources(recipe, scripts);
    const image = imageSources(root, recipe, await agentSources(join(guestPath, 'agent')));
    return { kind: 'recipe', name: recipe.name, recipe, sources: image, rootSources: root };
  }

  /** What a name is made of now; null where it stands for nothing. */
  async function planOf(name: string, given?: ImageDefinition): Promise<Plan | null> {
    const recipe = recipes.get(name);
    if (recipe !== undefined) return await planRecipe(recipe);
    const definition = imports === undefined ? null : (given ?? (await imports.definitionOf(name)));
    if (definition === null || imports === undefined) return null;
    if (definition.kind === 'recipe') return await planRecipe(recipeOn(requireBase(recipes), name, definition));
    return { kind: 'disk', name, definition, imports, sources: diskSources(definition, await oursIn(definition)) };
  }

  /** Digest of what of us is in an image that was made from a disk. */
  async function oursIn(definition: DiskDefinition): Promise<string | null> {
    if (definition.boot === 'firmware' || definition.initramfs !== null) return null;
    if (definition.kernel === null) return (await planOf(BASE))?.sources ?? null;
    return await agentSources(join(guestPath, 'agent'));
  }

  async function findPlanned({ name, sources }: Plan): Promise<AnyImage | null> {
    return await findBySources(cache, name, sources);
  }

  /** One that cannot be read now cannot be used: whoever needs it asks for it to be there, and is told why it is not. */
  async function findReadable(plan: Plan): Promise<AnyImage | null> {
    try {
      return await findPlanned(plan);
    } catch (error) {
      if (!isUnreadable(error)) throw error;
      return null;
    }
  }

  /** What disks with this content begin with. */
  function planOfContent(content: DiskContent): Plan {
    if (imports === undefined) throw new TypeError('this image source imports nothing');
    const definition: ContentDefinition = { ...content, kind: 'content', boot: 'none' };
    return { kind: 'disk', name: contentNameOf(content), definition, imports, sources: diskSources(definition, null) };
  }

  function begin(plan: Plan): SharedBuild {
    const key = `${plan.name} ${plan.sources}`;
    const shared = createSharedBuild((signal, onProgress) => make(plan, { signal, onProgress }));
    building.set(key, shared);
    void shared.ended.then(() => {
      if (building.get(key) === shared) building.delete(key);
    });
    return shared;
  }

  async function make(plan: Plan, { signal, onProgress }: EnsureOptions): Promise<AnyImage> {
    const { name, sources } = plan;
    if (plan.kind === 'recipe') {
      const { recipe } = plan;
      const digests = { root: plan.rootSources, image: sources };
      return await buildImage({
        ...{ recipe, sources: digests, cache, guestPath, customizeScriptPath, log, signal, onProgress },
      });
    }
    const { definition } = plan;
    const isOurs = definition.boot === 'direct' && definition.kernel === null;
    const base = isOurs ? await ensure(BASE, { signal, onProgress }) : null;
    if (base?.boot === 'firmware') throw new TypeError(`${BASE} has a kernel`);
    const job = { name, definition, sources, cache, guestPath, base, log, signal, onProgress };
    return await importDisk({ ...plan.imports, ...job });
  }

  async function ensure(name: string, options: EnsureOptions): Promise<Image> {
    const plan = await planOf(name, options.definition);
    if (plan === null) {
      throw new VolaryError('not_found', `There is no image ${name}.`, { reason: 'image.unknown' });
    }
    return requireBootable(await ensurePlanned(plan, options));
  }

  async function ensurePlanned(plan: Plan, options: EnsureOptions): Promise<AnyImage> {
    const present = await findPlanned(plan);
    if (present !== null) return present;
    const running = building.get(`${plan.name} ${plan.sources}`);
    return await (running?.isOpen() ? running : begin(plan)).join(options);
  }

  return {
    builtIns: () => [...recipes.keys()],
    async find(name) {
      const plan = await planOf(name);
      const found = plan === null ? null : await findReadable(plan);
      return found === null ? null : requireBootable(found);
    },
    async findContent(content) {
      const found = await findReadable(planOfContent(content));
      return found === null ? null : requireContent(found);
    },
    ensureContent: async (content, options) => requireContent(await ensurePlanned(planOfContent(content), options)),
    async list() {
      const { images, unreadable } = await readAll(cache);
      for (const [directory, error] of unreadable)
        log.warn('an image cannot be read now; it is not listed', { directory, error });
      return images.map(({ image }) => image);
    },
    ensure,
    measure: (digests) => measureImages(cache, digests),
    sweep: (options) => sweepCache(cache, { ...options, log }),
    async remove(digest) {
      const { images, unreadable } = await readAll(cache);
      for (const [directory, error] of unreadable) if (isOfDigest(directory, digest)) throw error;
      const image = images.find((candidate) => candidate.image.digest === digest)?.image;
      if (image === undefined) return false;
      // Without its manifest it is no image any more, however far the removal comes.
      const directory = join(cache.images, directoryName(image.name, digest));
      await rm(join(directory, IMAGE_FILES.manifest), { force: true });
      await rm(directory, { recursive: true, force: true });
      // A builder may be about to link to a root; then it is the builder who looks for unused ones when it has done so.
      using lock = await tryBuildLock(cache);
      if (lock !== null) await removeUnusedRoots(cache, log);
      return true;
    },
  };
}

function requireContent(image: AnyImage): ContentImage {
  if (!isBootable(image)) return image;
  throw new TypeError(`${image.name} is no content of a disk`);
}

function requireBase(recipes: ReadonlyMap<string, Recipe>): Recipe {
  const base = recipes.get(BASE);
  if (base === undefined) throw new TypeError(`there is no recipe of ${BASE}`);
  return base;
}
