/**
 * Images, made on this machine from Debian's packages and kept below the cache directory:
 *
 *   images/<name>-<digest>/   kernel, initramfs, root.raw, manifest.json: one complete image
 *   roots/<name>-<digest>/    kernel, root.raw, modules/: what does not depend on our agent
 *
 * An image links to the files of its root, so that a changed agent costs a new initramfs only. Everything appears by a
 * rename, complete or not at all; what was begun and not finished lies in `*.part` and is thrown away by the next build.
 */

import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { VolaryError } from '../../domain/errors.ts';
import type { Image } from '../../domain/image/image.ts';
import type { BuildProgress, ImageSource } from '../../ports/image-source.ts';
import type { Log } from '../../ports/log.ts';
import { buildImage } from './build-image.ts';
import { agentDigest, imageDigest, rootDigest } from './digests.ts';
import { directoryName, readImage } from './manifest.ts';
import { type Recipe, readRecipes } from './recipe.ts';
import { removeUnusedRoots } from './remove-unused-roots.ts';

export interface ImageSourceDeps {
  /** Absolute. */
  readonly cacheDir: string;
  /** The checkout's `guest/` directory, with `agent/` and `image/`. Absolute. */
  readonly guestPath: string;
  readonly log: Log;
}

/** Reads the recipes once; nothing is built before it is asked for. */
export async function createImageSource(deps: ImageSourceDeps): Promise<ImageSource> {
  const recipes = await readRecipes(join(deps.guestPath, 'image'));
  const customizeScriptPath = join(deps.guestPath, 'image', 'customize.sh');
  const script = await readFile(customizeScriptPath, 'utf8');
  const imagesPath = join(deps.cacheDir, 'images');
  const building = new Map<string, SharedBuild>();

  async function digestsOf(recipe: Recipe): Promise<{ readonly root: string; readonly image: string }> {
    const root = rootDigest(recipe, script);
    return { root, image: imageDigest(root, recipe, await agentDigest(join(deps.guestPath, 'agent'))) };
  }

  async function find(name: string): Promise<Image | null> {
    const recipe = recipes.get(name);
    if (recipe === undefined) return null;
    const digests = await digestsOf(recipe);
    return await readImage(join(imagesPath, directoryName(name, digests.image)));
  }

  async function list(): Promise<readonly Image[]> {
    const names = await readdir(imagesPath).catch(() => []);
    const images = await Promise.all(
      names.filter((name) => !name.endsWith('.part')).map((name) => readImage(join(imagesPath, name))),
    );
    return images.filter((image) => image !== null).toSorted((a, b) => b.builtAt - a.builtAt);
  }

  function begin(recipe: Recipe): SharedBuild {
    const shared = createSharedBuild(async (signal, onProgress) => {
      const digests = await digestsOf(recipe);
      return await buildImage({ ...deps, recipe, digests, customizeScriptPath, signal, onProgress });
    });
    building.set(recipe.name, shared);
    void shared.result.catch(() => undefined).finally(() => building.delete(recipe.name));
    return shared;
  }

  return {
    recipes: () => [...recipes.keys()],
    find,
    list,
    findByDigest: async (digest) => (await list()).find((image) => image.digest === digest) ?? null,
    async ensure(name, options) {
      const recipe = recipes.get(name);
      if (recipe === undefined) {
        throw new VolaryError('not_found', `There is no image ${name}.`, { reason: 'image.unknown' });
      }
      return (await find(name)) ?? (await (building.get(name) ?? begin(recipe)).join(options));
    },
    async remove(digest) {
      const image = (await list()).find((candidate) => candidate.digest === digest);
      if (image === undefined) return false;
      // Without its manifest it is no image any more, however far the removal comes.
      const directory = join(imagesPath, directoryName(image.name, digest));
      await rm(join(directory, 'manifest.json'));
      await rm(directory, { recursive: true, force: true });
      await removeUnusedRoots(join(deps.cacheDir, 'roots'));
      return true;
    },
  };
}

interface JoinOptions {
  readonly signal: AbortSignal;
  readonly onProgress: (progress: BuildProgress) => void;
}

/** One build that several callers wait for; it is cancelled when the last of them has gone. */
interface SharedBuild {
  readonly result: Promise<Image>;
  join(options: JoinOptions): Promise<Image>;
}

function createSharedBuild(
  build: (signal: AbortSignal, onProgress: (progress: BuildProgress) => void) => Promise<Image>,
): SharedBuild {
  const cancel = new AbortController();
  const listeners = new Set<(progress: BuildProgress) => void>();
  let waiting = 0;
  const result = build(cancel.signal, (progress) => {
    for (const listener of listeners) listener(progress);
  });

  return {
    result,
    async join({ signal, onProgress }) {
      signal.throwIfAborted();
      const aborted = Promise.withResolvers<never>();
      const leave = (): void => aborted.reject(signal.reason);
      signal.addEventListener('abort', leave, { once: true });
      listeners.add(onProgress);
      waiting += 1;
      try {
        return await Promise.race([result, aborted.promise]);
      } finally {
        signal.removeEventListener('abort', leave);
        listeners.delete(onProgress);
        waiting -= 1;
        if (waiting === 0 && signal.aborted) {
          cancel.abort(signal.reason);
          await result.catch(() => undefined);
        }
      }
    },
  };
}
