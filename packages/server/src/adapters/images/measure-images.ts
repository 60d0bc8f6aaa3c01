import { stat } from 'node:fs/promises';
import { filesOf } from '../../domain/image/image.ts';
import { type CachePaths, listImages } from './cache.ts';

/** Of a block, as `stat` counts them. */
const BLOCK_BYTES = 512;

/** As `ImageSource.measure`: images of one root share its files, and differ in their initramfs alone. */
export async function measureImages(
  cache: CachePaths,
  digests: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const images = new Map((await listImages(cache)).map((image) => [image.digest, image]));
  const counted = new Set<string>();
  const measured = new Map<string, number>();
  for (const digest of digests) {
    const image = images.get(digest);
    let bytes = 0;
    for (const path of image === undefined ? [] : filesOf(image)) {
      const found = await stat(path).catch(() => null);
      const identity = found === null ? '' : `${found.dev}:${found.ino}`;
      if (found === null || counted.has(identity)) continue;
      counted.add(identity);
      bytes += found.blocks * BLOCK_BYTES;
    }
    measured.set(digest, bytes);
  }
  return measured;
}
