import { readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { namesIn } from './in-place.ts';
import { isRootFacts, ROOT_FILES, type RootFacts } from './manifest.ts';

/** Kernel and root disk of a recipe, without our agent. */
export interface Root {
  readonly path: string;
  readonly facts: RootFacts;
}

/** The root in this directory, or null if there is none. */
export async function readRoot(path: string): Promise<Root | null> {
  const text = await readFile(join(path, ROOT_FILES.facts), 'utf8').catch(() => null);
  if (text === null) return null;
  const facts: unknown = JSON.parse(text);
  return isRootFacts(facts) ? { path, facts } : null;
}

/** Removes the roots that no image links to any more. The caller holds the build lock. */
export async function removeUnusedRoots(rootsPath: string): Promise<void> {
  for (const name of await namesIn(rootsPath)) {
    const path = join(rootsPath, name);
    const disk = await stat(join(path, ROOT_FILES.root)).catch(() => null);
    if (disk === null || disk.nlink === 1) await rm(path, { recursive: true, force: true });
  }
}
