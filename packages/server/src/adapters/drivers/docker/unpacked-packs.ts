/**
 * Tool packs as directories, which containers have mounted. Each is unpacked once, appears by a rename, complete or not at all, and goes with the last container
 * that has it: it lies in the data directory, so that nobody else who has the cache can take it away under a container.
 *
 *   docker/packs/<digest>/
 */
import { chmod, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { VolaryError } from '../../../domain/errors.ts';
import type { Abortable } from '../../../ports/guest-link.ts';
import type { Pack } from '../../../ports/machine-packs.ts';
import { measureTree, type TreeUse } from '../../shared/allocated-bytes.ts';
import { makePart, namesIn, removeParts } from '../../shared/in-place.ts';
import { createKeyedLock } from '../../shared/keyed-lock.ts';
import { findProgram, runProgram } from '../../shared/run-program.ts';

export interface UnpackedPacks {
  /**
   * Has these unpacked, and keeps them until `work` is done, after which somebody has to have them. Throws `unavailable` driver.pack_gone, driver.disk_failed,
   * `failed_precondition` tool.program_missing.
   */
  having<T>(packs: readonly Pack[], options: Abortable, work: () => Promise<T>): Promise<T>;
  pathOf(digest: string): string;
  /** Names of the commands of one that is there. */
  commandsOf(digest: string): Promise<readonly string[]>;
  digests(): Promise<readonly string[]>;
  list(): Promise<readonly ({ readonly digest: string } & TreeUse)[]>;
  /** Removes one unless somebody is about to have it, or `isUsed` says so then; true if it has. Absent is fine. */
  removeUnless(digest: string, isUsed: () => Promise<boolean>): Promise<boolean>;
}

export function createUnpackedPacks(dataDir: string): UnpackedPacks {
  const directory = join(dataDir, 'docker', 'packs');
  const lock = createKeyedLock();
  const awaited = new Map<string, number>();
  const pathOf = (digest: string): string => join(directory, digest);
  let cleared: Promise<void> | null = null;

  /** Without what a server that died was about to unpack or to remove: no other is at work here. */
  async function begun(): Promise<string> {
    cleared ??= removeParts(directory);
    await cleared;
    return await makePart(directory);
  }

  async function unpack({ digest, path }: Pack, { signal }: Abortable): Promise<void> {
    if ((await namesIn(directory)).includes(digest)) return;
    if (path === null) throw packGone();
    const part = await begun();
    try {
      const root = join(part, 'root');
      await unsquash(path, root, signal);
      await chmod(root, 0o755);
      await rename(root, pathOf(digest));
    } finally {
      await rm(part, { recursive: true, force: true });
    }
  }

  function count(packs: readonly Pack[], change: 1 | -1): void {
    for (const { digest } of packs) awaited.set(digest, (awaited.get(digest) ?? 0) + change);
  }

  return {
    async having(packs, options, work) {
      count(packs, 1);
      try {
        for (const pack of packs) await lock.run(pack.digest, () => unpack(pack, options));
        return await work();
      } finally {
        count(packs, -1);
      }
    },
    pathOf,
    commandsOf: async (digest) => {
      const names = await readdir(join(pathOf(digest), 'bin')).catch(nothingIfAbsent);
      return names.filter((name) => !name.startsWith('.')).sort();
    },
    digests: () => namesIn(directory),
    list: async () => {
      const digests = await namesIn(directory);
      return await Promise.all(digests.map(async (digest) => ({ digest, ...(await measureTree(pathOf(digest))) })));
    },
    removeUnless: (digest, isUsed) =>
      lock.run(digest, async () => {
        if ((awaited.get(digest) ?? 0) > 0 || !(await namesIn(directory)).includes(digest) || (await isUsed()))
          return false;
        const part = await begun();
        await rename(pathOf(digest), join(part, 'root'));
        await rm(part, { recursive: true, force: true });
        return true;
      }),
  };
}

async function unsquash(path: string, target: string, signal: AbortSignal): Promise<void> {
  const program = findProgram('unsquashfs', `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`);
  if (program === null)
    throw new VolaryError(
      'failed_precondition',
      'Giving a container tools needs unsquashfs. On Debian and Ubuntu: apt-get install squashfs-tools.',
      { reason: 'tool.program_missing', details: { programs: ['unsquashfs'], packages: ['squashfs-tools'] } },
    );
  const args = ['-quiet', '-no-progress', '-no-xattrs', '-dest', target, path];
  const { exitCode, stderr, stdout } = await runProgram(program, args, { signal });
  if (exitCode === 0) return;
  throw new VolaryError('unavailable', 'A tool could not be unpacked for a container.', {
    reason: 'driver.disk_failed',
    context: { words: `${stdout}${stderr}`.slice(-2_000) },
  });
}

function packGone(): VolaryError {
  return new VolaryError('unavailable', 'A tool was removed before the VM had it.', { reason: 'driver.pack_gone' });
}

function nothingIfAbsent(error: NodeJS.ErrnoException): readonly string[] {
  if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return [];
  throw error;
}
