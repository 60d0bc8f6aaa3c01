import type { DiskContent, ImageDefinition } from '../domain/image/definition.ts';
import type { AnyImage, ContentImage, Image } from '../domain/image/image.ts';

/** How far a build is. `fraction` is of the whole, 0 to 1, null when nobody can tell. */
export interface BuildProgress {
  readonly step: string;
  readonly fraction: number | null;
  readonly message: string;
}

export interface EnsureOptions {
  readonly signal: AbortSignal;
  readonly onProgress: (progress: BuildProgress) => void;
  /** What the name is to stand for, before it is stored; absent: what it stands for. Nobody's who is built in. */
  readonly definition?: ImageDefinition;
}

/** What a name stands for that users gave; null: nothing. Whoever makes an image source gives it one. */
export type FindDefinition = (name: string) => Promise<ImageDefinition | null>;

/** Makes and keeps the images that disks are made from. What it keeps can be made again at any time: no disk depends on it. */
export interface ImageSource {
  /** Names that it knows by itself, whether built or not. What users define has other names. */
  builtIns(): readonly string[];
  /** Complete images on this host, any version, newest first, and what disks besides roots begin with. Half-made ones are never among them. */
  list(): Promise<readonly AnyImage[]>;
  /** The image of this name as it is defined now, or null if it has not been made, or the name stands for nothing. */
  find(name: string): Promise<Image | null>;
  /**
   * Makes the image unless it is there: builds it, or fetches it and looks at it. Safe to repeat and to call side by side: one build serves
   * all callers, and what two images are made from is fetched once. An abort or a fault leaves nothing half-made, besides a part of a download
   * that the next one goes on with.
   * Throws `not_found` image.unknown, `failed_precondition` image.tool_missing, `failed_precondition` image.build_failed (with the
   * failing program's last words), or the signal's reason.
   */
  ensure(name: string, options: EnsureOptions): Promise<Image>;
  /** What disks begin with that have this content; null where it is not on this host. */
  findContent(content: DiskContent): Promise<ContentImage | null>;
  /** Has it here, as `ensure` does. */
  ensureContent(content: DiskContent, options: Omit<EnsureOptions, 'definition'>): Promise<ContentImage>;
  /** Bytes that each of these images adds on the disk to those named before it: a file that several share counts for the first of them. */
  measure(digests: readonly string[]): Promise<ReadonlyMap<string, number>>;
  /**
   * What builds that died have left, and roots that no image needs: counted, and removed unless it is only to be counted. Nothing
   * is found while somebody builds. Bytes as they are on the disk.
   */
  sweep(options: { readonly isDryRun: boolean }): Promise<{ readonly count: number; readonly bytes: number }>;
  /** Removes the image with this digest; true if it was there. Disks that were made from it are none the worse. */
  remove(digest: string): Promise<boolean>;
}
