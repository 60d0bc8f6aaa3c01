import { join } from 'node:path';
import type { CachePaths } from '../cache.ts';

/**
 * The lock of whoever works on a file with this checksum, by its beginning. Several files share one, so that there are no more than 256 of them:
 * they are never removed.
 */
export function slotOf(cache: CachePaths, sha256: string): string {
  return join(cache.downloads, 'locks', sha256.slice(0, 2));
}
