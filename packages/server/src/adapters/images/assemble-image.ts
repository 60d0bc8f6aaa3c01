import { link, rm, stat, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Image } from '../../domain/image/image.ts';
import { writeFileAtomically } from '../../lib/write-file-atomically.ts';
import { inPlace } from '../shared/in-place.ts';
import { type CachePaths, requireBootable } from './cache.ts';
import { bytesDigest, contentDigest } from './digests.ts';
import { makeInitramfs } from './initramfs.ts';
import { directoryName, IMAGE_FILES, type Manifest, ROOT_FILES, readImage } from './manifest.ts';
import type { Recipe } from './recipe.ts';
import type { Root } from './roots.ts';

export interface ImageAssembly {
  readonly recipe: Recipe;
  readonly sources: { readonly image: string };
  readonly cache: CachePaths;
  readonly root: Root;
  /** Where the agent has been compiled below. */
  readonly guestPath: string;
  readonly signal: AbortSignal;
}

/** Puts an image together from its root and the agent. */
export async function assembleImage(assembly: ImageAssembly): Promise<Image> {
  const { recipe, sources, cache, root, guestPath, signal } = assembly;
  const { kernelVersion, packages, sha256 } = root.facts;
  const rootFile = (name: 'kernel' | 'root'): string => join(root.path, ROOT_FILES[name]);
  const initramfs = await makeInitramfs({
    agentPath: join(guestPath, 'agent', 'build', 'volary-agent'),
    rootDiskPath: rootFile('root'),
    kernelVersion,
    modules: recipe.modules,
    workParent: cache.images,
    signal,
  });
  const files: Manifest['files'] = {
    kernel: { sizeBytes: (await stat(rootFile('kernel'))).size, sha256: sha256.kernel },
    initramfs: { sizeBytes: initramfs.length, sha256: bytesDigest(initramfs) },
    root: { sizeBytes: (await stat(rootFile('root'))).size, sha256: sha256.root },
  };
  const digest = contentDigest(recipe.name, files);
  const path = join(cache.images, directoryName(recipe.name, digest));
  const same = await readImage(path);
  const known = same?.manifest.format === 2 && same.manifest.digest === digest ? same.manifest : null;
  const manifest: Manifest =
    known === null
      ? {
          format: 2,
          name: recipe.name,
          digest,
          sources: [sources.image],
          kernelVersion,
          packages,
          files,
          builtAt: Date.now(),
        }
      : { ...known, sources: [...known.sources, sources.image] };
  const manifestText = `${JSON.stringify(manifest, null, 2)}\n`;
  if (known !== null) {
    writeFileAtomically(join(path, IMAGE_FILES.manifest), manifestText, 0o644);
  } else {
    await rm(path, { recursive: true, force: true });
    await inPlace(cache.images, async (out) => {
      await link(rootFile('kernel'), join(out, IMAGE_FILES.kernel));
      await link(rootFile('root'), join(out, IMAGE_FILES.root));
      await writeFile(join(out, IMAGE_FILES.initramfs), initramfs, { mode: 0o644 });
      await writeFile(join(out, IMAGE_FILES.manifest), manifestText, { mode: 0o644 });
      return basename(path);
    });
  }
  const written = await readImage(path);
  if (written === null) throw new TypeError('the image is not where it was just written');
  return requireBootable(written.image);
}
