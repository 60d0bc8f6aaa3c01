import type { Image } from '../domain/image/image.ts';

/** How far a build is. `fraction` is of the whole, 0 to 1, null when nobody can tell. */
export interface BuildProgress {
  readonly step: string;
  readonly fraction: number | null;
  readonly message: string;
}

/** Makes and keeps the images that disks are made from. What it keeps can be rebuilt at any time: no disk depends on it. */
export interface ImageSource {
  /** Names that `ensure` knows how to build, whether built or not. */
  recipes(): readonly string[];
  /** Complete images on this host, any version, newest first. Half-made ones are never among them. */
  list(): Promise<readonly Image[]>;
  /** The image of this name as its recipe stands now, or null if it has not been built. */
  find(name: string): Promise<Image | null>;
  /**
   * Builds the image unless it is there. Safe to repeat and to call side by side: one build serves all callers. An abort
   * or a fault leaves nothing half-made.
   * Throws `not_found` image.unknown, `failed_precondition` image.tool_missing, `failed_precondition` image.build_failed (with the
   * failing program's last words), or the signal's reason.
   */
  ensure(
    name: string,
    options: { readonly signal: AbortSignal; readonly onProgress: (progress: BuildProgress) => void },
  ): Promise<Image>;
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
