import { chmod, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { synchronise } from './synchronise.ts';

/** How the names of half-made things begin. */
const PART = '.part-';

/** Names in a directory, without what is half-made there; none if there is no such directory. */
export async function namesIn(directory: string): Promise<readonly string[]> {
  return (await allNamesIn(directory)).filter((name) => !name.startsWith(PART));
}

/**
 * Lets `make` fill a new directory within `parent`; it answers with the name that the directory shall have. It appears under
 * that name when everything is on the disk, else never. `make` puts files into it, no directories. `mode`: of the directory.
 */
export async function inPlace(
  parent: string,
  make: (out: string) => Promise<string>,
  { mode }: { readonly mode: number } = { mode: 0o755 },
): Promise<string> {
  const part = await makePart(parent);
  try {
    const target = join(parent, await make(part));
    for (const name of await readdir(part)) await synchronise(join(part, name));
    await chmod(part, mode);
    await synchronise(part);
    await rename(part, target);
    await synchronise(parent);
    return target;
  } catch (error) {
    await rm(part, { recursive: true, force: true });
    throw error;
  }
}

/** A new, empty, private directory within `parent`, for its maker to remove or rename; after a crash, `removeParts` will. */
export async function makePart(parent: string): Promise<string> {
  await mkdir(parent, { recursive: true, mode: 0o755 });
  return await mkdtemp(join(parent, PART));
}

/** Removes what killed builds have left in this directory. The caller knows that nobody builds. */
export async function removeParts(parent: string): Promise<void> {
  await Promise.all((await partsIn(parent)).map((name) => rm(join(parent, name), { recursive: true, force: true })));
}

/** Names of what is half-made in a directory, or was left so. */
export async function partsIn(directory: string): Promise<readonly string[]> {
  return (await allNamesIn(directory)).filter((name) => name.startsWith(PART));
}

async function allNamesIn(directory: string): Promise<readonly string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}
