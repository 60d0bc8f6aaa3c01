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
import type { Image } from '../../domain/image/image.ts';
import type { ImageSource } from '../../ports/image-source.ts';
import type { Log } from '../../ports/log.ts';
import { buildImage } from './build-image.ts';
import { tryBuildLock } from './build-lock.ts';
import { cachePaths, findBySources, listImages } from './cache.ts';
import { agentSources, imageSources, rootSources } from './digests.ts';
import { directoryName, IMAGE_FILES } from './manifest.ts';
import { measureImages } from './measure-images.ts';
import { type Recipe, readRecipes } from './recipe.ts';
import { removeUnusedRoots } from './roots.ts';
import { createSharedBuild, type SharedBuild } from './shared-build.ts';
import { sweepCache } from './sweep-cache.ts';

export interface ImageSourceDeps {
  /** Absolute. */
  readonly cacheDir: string;
  /** The checkout's `guest/` directory, with `agent/` and `image/`. Absolute. */
  readonly guestPath: string;
  readonly log: Log;
}

/** Reads the recipes once; nothing is built before it is asked for. */
export async function createImageSource({ cacheDir, guestPath, log }: ImageSourceDeps): Promise<ImageSource> {
  const recipes = await readRecipes(join(guestPath, 'image'));
  const customizeScriptPath = join(guestPath, 'image', 'customize.sh');
  const script = await readFile(customizeScriptPath, 'utf8');
  const cache = cachePaths(cacheDir);
  const building = new Map<string, SharedBuild>();

  async function sourcesOf(recipe: Recipe): Promise<{ readonly root: string; readonly image: string }> {
    const root = rootSources(recipe, script);
    return { root, image: imageSources(root, recipe, await agentSources(join(guestPath, 'agent'))) };
  }

  async function find(name: string): Promise<Image | null> {
    const recipe = recipes.get(name);
    return recipe === undefined ? null : await findBySources(cache, name, (await sourcesOf(recipe)).image);
  }

  function begin(recipe: Recipe): SharedBuild {
    const shared = createSharedBuild(async (signal, onProgress) => {
      const sources = await sourcesOf(recipe);
      return await buildImage({ recipe, sources, cache, guestPath, customizeScriptPath, log, signal, onProgress });
    });
    building.set(recipe.name, shared);
    void shared.ended.then(() => {
      if (building.get(recipe.name) === shared) building.delete(recipe.name);
    });
    return shared;
  }

  return {
    builtIns: () => [...recipes.keys()],
    find,
    list: () => listImages(cache),
    async ensure(name, options) {
      const recipe = recipes.get(name);
      if (recipe === undefined) {
        throw new VolaryError('not_found', `There is no image ${name}.`, { reason: 'image.unknown' });
      }
      const present = await find(name);
      if (present !== null) return present;
      const running = building.get(name);
      return await (running?.isOpen() ? running : begin(recipe)).join(options);
    },
    measure: (digests) => measureImages(cache, digests),
    sweep: (options) => sweepCache(cache, options),
    async remove(digest) {
      const image = (await listImages(cache)).find((candidate) => candidate.digest === digest);
      if (image === undefined) return false;
      // Without its manifest it is no image any more, however far the removal comes.
      const directory = join(cache.images, directoryName(image.name, digest));
      await rm(join(directory, IMAGE_FILES.manifest), { force: true });
      await rm(directory, { recursive: true, force: true });
      // A builder may be about to link to a root; then it is the builder who looks for unused ones when it has done so.
      using lock = await tryBuildLock(cache);
      if (lock !== null) await removeUnusedRoots(cache);
      return true;
    },
  };
}
