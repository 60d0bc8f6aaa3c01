import type { DiskContent, ImageDefinition } from '../domain/image/definition.ts';
import type { AnyImage, ContentImage, Image } from '../domain/image/image.ts';

/** Progress of a build. `fraction` of the whole, 0 to 1; null: unknown. */
export interface BuildProgress {
  readonly step: string;
  readonly fraction: number | null;
  readonly message: string;
}

export interface EnsureOptions {
  readonly signal: AbortSignal;
  readonly onProgress: (progress: BuildProgress) => void;
  /** The definition to use for the name before it is stored; absent: the stored one. Not for built-in names. */
  readonly definition?: ImageDefinition;
}

/** The definition of a name that users have defined; null: none. Passed in by whoever creates an image source. */
export type FindDefinition = (name: string) => Promise<ImageDefinition | null>;

/**
 * Builds and caches the images that disks are made from. The cache can be rebuilt at any time: no disk depends on it.
 */
export interface ImageSource {
  /** Built-in names, whether built or not. Users cannot define these names. */
  builtIns(): readonly string[];
  /**
   * Complete images on this host, all versions, newest first, including the contents of disks besides the root. Never
   * incomplete ones.
   */
  list(): Promise<readonly AnyImage[]>;
  /** The image of this name as it is defined now; null: it has not been built, cannot be read now, or the name is not defined. */
  find(name: string): Promise<Image | null>;
  /**
   * Makes the image unless it exists: builds it, or downloads and checks it. Safe to repeat and to call concurrently:
   * one build serves all callers, and a common source is downloaded once. An abort or a fault leaves nothing
   * incomplete, except part of a download, which the next call continues. Throws `not_found` image.unknown,
   * `failed_precondition` image.tool_missing, `failed_precondition` image.build_failed (with the failing program's last
   * words), or the signal's reason.
   */
  ensure(name: string, options: EnsureOptions): Promise<Image>;
  /** The image for disks with this content; null: it is not on this host. */
  findContent(content: DiskContent): Promise<ContentImage | null>;
  /** Makes it available on this host, as `ensure` does. */
  ensureContent(content: DiskContent, options: Omit<EnsureOptions, 'definition'>): Promise<ContentImage>;
  /** Bytes that each of these images adds on the disk to those named before it: a file that several share counts for the first of them. */
  measure(digests: readonly string[]): Promise<ReadonlyMap<string, number>>;
  /**
   * Leftovers of builds that died, and roots that no image needs: counts them, and removes them unless they are only to
   * be counted. Finds nothing while a build is running. Bytes as allocated on the disk.
   */
  sweep(options: { readonly isDryRun: boolean }): Promise<{ readonly count: number; readonly bytes: number }>;
  /** Removes the image with this digest; true if it was there. Disks made from it are not affected. */
  remove(digest: string): Promise<boolean>;
}
