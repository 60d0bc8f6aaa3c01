/**
 * What goes with the last thing that needs it: images, and copies of packs. By then the thing itself is gone, as it was asked for. So where this fails, that is told in
 * the log: what may be unused stays, until a server starts that can tell.
 */
import type { Log } from '../../../ports/log.ts';
import { type PackFiles, sweepSharedPacks } from './attachments/pack-files.ts';
import type { KeptImages } from './kept-images.ts';

export interface TidyUp {
  /** Removes those of the images that nothing needs any more. */
  images(digests: readonly string[]): Promise<void>;
  /** Removes the copies of packs that nothing needs any more. */
  packs(): Promise<void>;
}

export function createTidyUp(deps: {
  readonly images: Pick<KeptImages, 'removeUnused'>;
  readonly packFiles: PackFiles;
  readonly log: Log;
}): TidyUp {
  return {
    async images(digests) {
      for (const digest of digests) {
        try {
          await deps.images.removeUnused(digest);
        } catch (error) {
          deps.log.warn('an image stays that may be needed no more: that could not be told', { digest, error });
        }
      }
    },
    async packs() {
      try {
        await sweepSharedPacks(deps.packFiles);
      } catch (error) {
        deps.log.warn('copies of packs stay that may be needed no more', { error });
      }
    },
  };
}
