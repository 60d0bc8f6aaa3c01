import type { ImageUse, StoredImage } from '../domain/image/definition.ts';
import type { EpochMs } from '../domain/time.ts';

/** Definitions of images that were given by users, in the order of their names, and when images were last used. */
export interface ImageTable {
  /** Writes the definition of this name, in place of the one that was there. */
  put(image: StoredImage): Promise<void>;
  get(name: string): Promise<StoredImage | null>;
  /** `after`: the last name of the page before. `template`: only what belongs to this one. */
  list(page: {
    readonly limit: number;
    readonly after: string | null;
    readonly template?: string;
  }): Promise<readonly StoredImage[]>;
  count(): Promise<number>;
  /** Removes the definition; true if it was there. */
  delete(name: string): Promise<boolean>;
  /** Notes that something was made from the image with this digest at this moment, or later. */
  noteUsed(digest: string, at: EpochMs): Promise<void>;
  /** Of the images that were used, each once. */
  listUses(): Promise<readonly ImageUse[]>;
  /** Forgets when the image with this digest was used. */
  forgetUse(digest: string): Promise<void>;
}
