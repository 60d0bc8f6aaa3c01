import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { unlessAbsent } from './read-facts.ts';

/** Of a block, as `stat` counts them. */
const BLOCK_BYTES = 512;

/** What a file tree takes on the disk, and when something in it was last written to. */
export interface TreeUse {
  readonly bytes: number;
  /** Milliseconds since 1970. */
  readonly changedAt: number;
}

/**
 * Measures a file or a directory with all below it; links are not followed. What is gone before it was looked at counts nothing.
 * Throws `unavailable` host.file_unreadable.
 * `isSharedCounted`: false leaves out files that have another name elsewhere.
 */
export async function measureTree(
  path: string,
  options: { readonly isSharedCounted: boolean } = { isSharedCounted: true },
): Promise<TreeUse> {
  const found = await lstat(path).catch(unlessAbsent);
  if (found === null) return { bytes: 0, changedAt: 0 };
  const isCounted = options.isSharedCounted || found.isDirectory() || found.nlink === 1;
  let bytes = isCounted ? found.blocks * BLOCK_BYTES : 0;
  let changedAt = found.mtimeMs;
  for (const name of found.isDirectory() ? ((await readdir(path).catch(unlessAbsent)) ?? []) : []) {
    const below = await measureTree(join(path, name), options);
    bytes += below.bytes;
    changedAt = Math.max(changedAt, below.changedAt);
  }
  return { bytes, changedAt };
}
