import { stat } from 'node:fs/promises';
import { unlessAbsent } from '../shared/read-facts.ts';

/**
 * What these files take on the disk together, bytes, or null if one of them is not there as long as it was written. Throws
 * `unavailable` host.file_unreadable.
 */
export async function storedBytes(
  files: readonly (readonly [path: string, sizeBytes: number])[],
): Promise<number | null> {
  let bytes = 0;
  for (const [path, sizeBytes] of files) {
    const found = await stat(path).catch(unlessAbsent);
    if (!found?.isFile() || found.size !== sizeBytes) return null;
    bytes += found.blocks * 512;
  }
  return bytes;
}
