import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Log } from '../../ports/log.ts';
import { namesIn } from '../shared/in-place.ts';
import { readFacts, unlessAbsent, valueIn } from '../shared/read-facts.ts';
import type { CachePaths } from './cache.ts';
import { isRootFacts, ROOT_FILES, type RootFacts } from './manifest.ts';

/** Kernel and root disk of a recipe, without our agent. */
export interface Root {
  readonly path: string;
  readonly facts: RootFacts;
}

/** The root in this directory, or null if there is none, or a damaged one. Throws `unavailable` host.file_unreadable. */
export async function readRoot(path: string): Promise<Root | null> {
  const facts = valueIn(await readFacts(join(path, ROOT_FILES.facts), isRootFacts));
  return facts === null ? null : { path, facts };
}

/**
 * Removes the roots that no image links to any more. The caller holds the build lock. Counting links would not do: data
 * directories link to the files of images as well, and keep what they need without us. Where nobody can tell what an image links to, all of them stay, which is
 * told in the log: what the caller came for has been done by then.
 */
export async function removeUnusedRoots(cache: Pick<CachePaths, 'roots' | 'images'>, log: Log): Promise<void> {
  try {
    for (const path of await unusedRoots(cache)) await rm(path, { recursive: true, force: true });
  } catch (error) {
    log.warn('roots of images stay that may be needed no more', { error });
  }
}

/** Paths of the roots that no image links to any more. Throws `unavailable` host.file_unreadable where nobody can tell. */
export async function unusedRoots({ roots, images }: Pick<CachePaths, 'roots' | 'images'>): Promise<readonly string[]> {
  const used = new Set(
    await Promise.all((await namesIn(images)).map((name) => identify(join(images, name, ROOT_FILES.root)))),
  );
  const unused: string[] = [];
  for (const name of await namesIn(roots)) {
    const path = join(roots, name);
    const identity = await identify(join(path, ROOT_FILES.root));
    if (identity === null || !used.has(identity)) unused.push(path);
  }
  return unused;
}

/** `device:inode`, the same for all links to a file; null if there is none. */
async function identify(path: string): Promise<string | null> {
  const found = await stat(path).catch(unlessAbsent);
  return found === null ? null : `${found.dev}:${found.ino}`;
}
