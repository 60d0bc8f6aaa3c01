import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { measureTree } from '../shared/allocated-bytes.ts';
import { partsIn } from '../shared/in-place.ts';
import { tryBuildLock } from './build-lock.ts';
import type { CachePaths } from './cache.ts';
import { unusedRoots } from './roots.ts';

/** As `ImageSource.sweep`: who holds the build lock knows that what is half-made is nobody's, whoever shares this cache. */
export async function sweepCache(
  cache: CachePaths,
  { isDryRun }: { readonly isDryRun: boolean },
): Promise<{ readonly count: number; readonly bytes: number }> {
  using lock = await tryBuildLock(cache);
  if (lock === null) return { count: 0, bytes: 0 };
  const paths = [
    ...(await partsIn(cache.images)).map((name) => join(cache.images, name)),
    ...(await partsIn(cache.roots)).map((name) => join(cache.roots, name)),
    ...(await unusedRoots(cache)),
  ];
  let bytes = 0;
  for (const path of paths) {
    bytes += (await measureTree(path)).bytes;
    if (!isDryRun) await rm(path, { recursive: true, force: true });
  }
  return { count: paths.length, bytes };
}
