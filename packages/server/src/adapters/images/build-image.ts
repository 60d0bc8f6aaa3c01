import { statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { VolaryError } from '../../domain/errors.ts';
import type { Image } from '../../domain/image/image.ts';
import type { BuildProgress } from '../../ports/image-source.ts';
import type { Log } from '../../ports/log.ts';
import { acquireBuildLock } from '../shared/build-lock.ts';
import { inPlace, removeParts } from '../shared/in-place.ts';
import { assembleImage } from './assemble-image.ts';
import { buildRoot } from './build-root.ts';
import { type CachePaths, findBySources, requireBootable } from './cache.ts';
import { makeAgent } from './make-agent.ts';
import { directoryName } from './manifest.ts';
import type { Recipe } from './recipe.ts';
import { type Root, readRoot, removeUnusedRoots } from './roots.ts';
import { requireTools } from './tools.ts';

export interface ImageBuild {
  readonly recipe: Recipe;
  /** Digests of what root and image are made from. */
  readonly sources: { readonly root: string; readonly image: string };
  readonly cache: CachePaths;
  readonly guestPath: string;
  readonly customizeScriptPath: string;
  readonly log: Log;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: BuildProgress) => void;
}

/** What a build needs for a while, beside the image itself; GiB. */
const ROOM_GIB = 2;

/** Shares of the whole: the agent compiles in seconds, the root is what takes time. */
const SHARES = { agent: 0.05, root: 0.85 } as const;

/** Builds an image, or takes the one that another process has built meanwhile. Throws as ImageSource.ensure. */
export async function buildImage(build: ImageBuild): Promise<Image> {
  const { recipe, sources, cache, signal } = build;
  const onWait = (): void => report(build, 'prepare', 0, 'waiting for another build to end');
  using _lock = await acquireBuildLock(cache, { signal, onWait });
  const ready = await findBySources(cache, recipe.name, sources.image);
  if (ready !== null) return requireBootable(ready);

  requireTools();
  await requireRoom(cache.directory);
  await removeParts(cache.images);
  await removeParts(cache.roots);
  report(build, 'agent', 0, 'compiling the guest agent');
  await makeAgent(build.guestPath, signal);
  const root = await ensureRoot(build);
  report(build, 'finish', SHARES.agent + SHARES.root, 'writing the initramfs');
  const image = await assembleImage({ ...build, root });
  await removeUnusedRoots(cache, build.log);
  build.log.info('image built', { image: image.name, digest: image.digest, sizeBytes: image.sizeBytes });
  return image;
}

/** Kernel and root disk of the recipe; built unless they are there. */
async function ensureRoot(build: ImageBuild): Promise<Root> {
  const { recipe, sources, cache, signal } = build;
  const name = directoryName(recipe.name, sources.root);
  const present = await readRoot(join(cache.roots, name));
  if (present !== null) return present;
  const path = await inPlace(cache.roots, async (out) => {
    const onProgress = (fraction: number, message: string): void =>
      report(build, 'root', SHARES.agent + SHARES.root * fraction, message);
    await buildRoot({ recipe, customizeScriptPath: build.customizeScriptPath, out, signal, onProgress });
    return name;
  });
  const root = await readRoot(path);
  if (root === null) throw new TypeError('the root is not where it was just written');
  return root;
}

async function requireRoom(cacheDir: string): Promise<void> {
  const { bavail, bsize } = await statfs(cacheDir);
  const freeGib = (bavail * bsize) / 1024 ** 3;
  if (freeGib >= ROOM_GIB) return;
  throw new VolaryError(
    'resource_exhausted',
    `Building an image needs ${ROOM_GIB} GiB of disk; ${freeGib.toFixed(1)} GiB are free.`,
    { reason: 'image.no_room', details: { needed_gib: ROOM_GIB, free_gib: Number(freeGib.toFixed(1)) } },
  );
}

function report({ onProgress }: ImageBuild, step: string, fraction: number, message: string): void {
  onProgress({ step, fraction, message });
}
