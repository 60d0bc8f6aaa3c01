/**
 * The files of packs:
 *
 *   vms/<id>/packs/<digest>       what the VM keeps: a link to the cache's file, so that it stays however the cache is pruned
 *   vms/<id>/run/pack-<digest>    the same, where its VMM reads it; made anew for each life
 *   snapshots/<id>/packs/<digest> what a saved machine keeps
 *   packs/<digest>                a copy, where the cache is on another file system: linked to by all of these, and removed with the last
 *
 * A pack is whatever its digest says, and nobody may write to it, so that one file does for all.
 */
import { constants } from 'node:fs';
import { chmod, copyFile, link, mkdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { VolaryError } from '../../../../domain/errors.ts';
import type { Pack } from '../../../../ports/machine-packs.ts';
import { makePart, namesIn, removeParts } from '../../../shared/in-place.ts';
import type { KeyedLock } from '../../../shared/keyed-lock.ts';
import { synchronise } from '../../../shared/synchronise.ts';
import { diskFull, isNoSpace } from '../errors.ts';
import type { SlottedPack } from './attached-packs.ts';
import { descriptorName, FILLER_FILES, isPackFile, packDescriptor, packFileName } from './pack-disk.ts';

/** What forbids a link and no copy. */
const NO_LINK: readonly unknown[] = ['EXDEV', 'EPERM', 'EMLINK', 'ENOTSUP', 'EOPNOTSUPP'];

/** Where shared files are kept, and the lock of each by its digest. */
export interface PackFiles {
  readonly dataDir: string;
  readonly lock: KeyedLock;
}

/** Where the files lie that are copies. */
function sharedPacksPath(dataDir: string): string {
  return join(dataDir, 'packs');
}

/** Keeps the pack's file in `directory` under its digest, unless it is there; answers its size. Throws as `MachinePacks.attach`. */
export async function keepPack(
  pack: Pick<Pack, 'name' | 'version' | 'digest' | 'path'>,
  directory: string,
  { dataDir, lock }: PackFiles,
): Promise<number> {
  const path = join(directory, pack.digest);
  const size = await sizeOf(path);
  if (size !== null) return size;
  if (pack.path === null) throw packGone(pack);
  const from = pack.path;
  await mkdir(directory, { recursive: true, mode: 0o700 });
  try {
    await linkNew(from, path).catch(async (error: unknown) => {
      if (!NO_LINK.includes(codeOf(error))) throw error;
      await lock.run(pack.digest, async () => {
        await shareCopy(from, join(sharedPacksPath(dataDir), pack.digest));
        await linkNew(join(sharedPacksPath(dataDir), pack.digest), path);
      });
    });
  } catch (error) {
    if (codeOf(error) === 'ENOENT') throw packGone(pack, error);
    throw isNoSpace(error) ? diskFull(error) : error;
  }
  return (await stat(path)).size;
}

/** Links the packs' files that lie in one directory into another one, which is made. */
export async function copyPacks(
  digests: readonly string[],
  { from, to }: { readonly from: string; readonly to: string },
): Promise<void> {
  if (digests.length === 0) return;
  await mkdir(to, { recursive: true, mode: 0o700 });
  for (const digest of new Set(digests)) await linkNew(join(from, digest), join(to, digest));
}

/** Puts into the VMM's directory what it reads of these packs, which the VM keeps. `key`: the descriptor's. */
export async function furnishPacks(
  packs: readonly SlottedPack[],
  { keptPath, runPath, key }: { readonly keptPath: string; readonly runPath: string; readonly key: string },
): Promise<void> {
  const links = packs.map(({ digest }) => linkNew(join(keptPath, digest), join(runPath, packFileName(digest))));
  const fillers = FILLER_FILES.map((name) => [name, ''] as const);
  // Made where the VMM cannot interfere, and moved to where it reads it.
  const written = [...fillers, [descriptorName(key), packDescriptor(packs)] as const].map(async ([name, content]) => {
    const part = join(keptPath, `${name}.new`);
    await writeFile(part, content, { mode: 0o444 });
    await chmod(part, 0o444);
    await rename(part, join(runPath, name));
  });
  await allOf([...links, ...written]);
}

/** Waits for all of them, also where one fails: nobody goes on writing behind whoever clears away. */
export async function allOf<Value>(works: readonly Promise<Value>[]): Promise<readonly Value[]> {
  await Promise.allSettled(works);
  return await Promise.all(works);
}

/** Removes from the VMM's directory what it had of packs; it must not live. */
export async function removePackFiles(runPath: string): Promise<void> {
  for (const name of await namesIn(runPath))
    if (isPackFile(name)) await rm(join(runPath, name), { recursive: true, force: true });
}

/** Removes copies that nothing links to any more. */
export async function sweepSharedPacks({ dataDir, lock }: PackFiles): Promise<void> {
  const directory = sharedPacksPath(dataDir);
  await removeParts(directory);
  for (const digest of await namesIn(directory)) {
    await lock.run(digest, async () => {
      const file = await stat(join(directory, digest)).catch(() => null);
      if (file?.nlink === 1) await rm(join(directory, digest), { force: true });
    });
  }
}

async function shareCopy(from: string, to: string): Promise<void> {
  if ((await sizeOf(to)) !== null) return;
  const part = await makePart(dirname(to));
  try {
    await copyFile(from, join(part, 'pack'), constants.COPYFILE_FICLONE);
    await chmod(join(part, 'pack'), 0o444);
    await synchronise(join(part, 'pack'));
    await rename(join(part, 'pack'), to);
  } finally {
    await rm(part, { recursive: true, force: true });
  }
}

/** A name that is there already names the same file, or something that a VMM has put there. */
async function linkNew(from: string, to: string): Promise<void> {
  await link(from, to).catch(async (error: unknown) => {
    if (codeOf(error) !== 'EEXIST') throw error;
    await rm(to, { recursive: true, force: true });
    await link(from, to);
  });
}

async function sizeOf(path: string): Promise<number | null> {
  const file = await stat(path).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return null;
    throw error;
  });
  return file?.size ?? null;
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : null;
}

function packGone({ name, version }: Pick<Pack, 'name' | 'version'>, cause?: unknown): VolaryError {
  return new VolaryError('unavailable', `The pack of ${name} ${version} was removed before the VM had it.`, {
    reason: 'driver.pack_gone',
    details: { tool: name, version },
    cause,
  });
}
