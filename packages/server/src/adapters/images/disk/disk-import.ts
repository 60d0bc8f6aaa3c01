import type { DiskContent, DiskDefinition } from '../../../domain/image/definition.ts';
import type { DirectImage } from '../../../domain/image/image.ts';
import type { Log } from '../../../ports/log.ts';
import type { CachePaths } from '../cache.ts';
import type { FileDeps } from './source-file.ts';

/** What disks besides roots begin with, as what it is for whoever imports it: a disk that nothing starts. */
export interface ContentDefinition extends DiskContent {
  readonly kind: 'content';
  readonly boot: 'none';
}

/** A disk image that is to become an image, and what that takes. */
export interface DiskImport extends Pick<FileDeps, 'fetcher' | 'folders' | 'maxBytes' | 'signal' | 'onProgress'> {
  readonly name: string;
  readonly definition: DiskDefinition | ContentDefinition;
  /** Digest of what it is made from. */
  readonly sources: string;
  readonly cache: CachePaths;
  readonly guestPath: string;
  /** Ours, whose kernel starts disks that bring none; null where it is not needed. */
  readonly base: DirectImage | null;
  readonly log: Log;
}
