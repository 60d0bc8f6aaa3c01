import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { namesIn } from './in-place.ts';
import { ROOT_FILES } from './manifest.ts';

/** Removes the roots that no image links to any more. The caller holds the build lock. */
export async function removeUnusedRoots(rootsPath: string): Promise<void> {
  for (const name of await namesIn(rootsPath)) {
    const directory = join(rootsPath, name);
    const root = await stat(join(directory, ROOT_FILES.root)).catch(() => null);
    if (root === null || root.nlink === 1) await rm(directory, { recursive: true, force: true });
  }
}
