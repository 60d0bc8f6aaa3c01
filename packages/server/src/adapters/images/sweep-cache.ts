import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Log } from '../../ports/log.ts';
import { measureTree } from '../shared/allocated-bytes.ts';
import { tryBuildLock, tryLock } from '../shared/build-lock.ts';
import { namesIn, partsIn } from '../shared/in-place.ts';
import { isUnreadable } from '../shared/read-facts.ts';
import type { CachePaths } from './cache.ts';
import { slotOf } from './disk/import-slot.ts';
import { unusedRoots } from './roots.ts';

/** As `ImageSource.sweep`: who holds the build lock knows that what is half-made is nobody's, whoever shares this cache. */
export async function sweepCache(
  cache: CachePaths,
  { isDryRun, log }: { readonly isDryRun: boolean; readonly log: Log },
): Promise<{ readonly count: number; readonly bytes: number }> {
  using lock = await tryBuildLock(cache);
  if (lock === null) return { count: 0, bytes: 0 };
  const paths = [
    ...(await partsIn(cache.images)).map((name) => join(cache.images, name)),
    ...(await partsIn(cache.roots)).map((name) => join(cache.roots, name)),
    ...(await unusedRootsIfKnown(cache, log)),
  ];
  const parts = await partsOfDownloads(cache);
  using _locks = parts.locks;
  paths.push(...parts.paths);
  let bytes = 0;
  for (const path of paths) {
    // It goes all the same: nobody needs it, whatever it takes.
    bytes += await measureTree(path).then(
      (tree) => tree.bytes,
      (error: unknown) => {
        if (isUnreadable(error)) return 0;
        throw error;
      },
    );
    if (!isDryRun) await rm(path, { recursive: true, force: true });
  }
  return { count: paths.length, bytes };
}

/** None where nobody can tell. */
async function unusedRootsIfKnown(cache: CachePaths, log: Log): Promise<readonly string[]> {
  return await unusedRoots(cache).catch((error: unknown) => {
    if (!isUnreadable(error)) throw error;
    log.warn('roots of images stay that may be needed no more', { error });
    return [];
  });
}

/** Beginnings of files that nobody fetches now. Whoever would go on with one waits for the lock meanwhile. */
async function partsOfDownloads(
  cache: CachePaths,
): Promise<{ readonly paths: readonly string[]; readonly locks: DisposableStack }> {
  const locks = new DisposableStack();
  const paths: string[] = [];
  const held = new Set<string>();
  for (const name of (await namesIn(cache.downloads)).filter((each) => each.endsWith('.part'))) {
    const slot = slotOf(cache, name);
    const lock = held.has(slot) ? null : await tryLock(slot);
    if (lock !== null) {
      locks.use(lock);
      held.add(slot);
    }
    if (held.has(slot)) paths.push(join(cache.downloads, name));
  }
  return { paths, locks };
}
