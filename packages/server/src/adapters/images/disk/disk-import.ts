import type { DiskDefinition } from '../../../domain/image/definition.ts';
import type { DirectImage } from '../../../domain/image/image.ts';
import type { Log } from '../../../ports/log.ts';
import type { CachePaths } from '../cache.ts';
import type { FileDeps } from './verified-file.ts';

/** A disk image that is to become an image, and what that takes. */
export interface DiskImport extends Pick<FileDeps, 'fetcher' | 'folders' | 'maxBytes' | 'signal' | 'onProgress'> {
  readonly name: string;
  readonly definition: DiskDefinition;
  /** Digest of what it is made from. */
  readonly sources: string;
  readonly cache: CachePaths;
  readonly guestPath: string;
  /** Ours, whose kernel starts disks that bring none; null where it is not needed. */
  readonly base: DirectImage | null;
  readonly log: Log;
}
