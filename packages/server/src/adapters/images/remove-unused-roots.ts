import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { IMAGE_FILES } from './manifest.ts';

/** Removes the roots that no image links to any more. */
export async function removeUnusedRoots(rootsPath: string): Promise<void> {
  for (const name of await readdir(rootsPath).catch(() => [])) {
    const directory = join(rootsPath, name);
    const root = await stat(join(directory, IMAGE_FILES.root)).catch(() => null);
    if (root?.nlink === 1) await rm(directory, { recursive: true, force: true });
  }
}
