import type { OperationId } from '../../domain/ids.ts';
import type { ImageRequest, ImageUse, StoredImage } from '../../domain/image/definition.ts';
import type { EpochMs } from '../../domain/time.ts';

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
  /** Writes down what this operation is to make. */
  putRequest(id: OperationId, request: ImageRequest): Promise<void>;
  /** Null if it is to make nothing, or was over. */
  getRequest(id: OperationId): Promise<ImageRequest | null>;
  /** Forgets what all operations but these were to make. */
  keepRequests(ids: readonly OperationId[]): Promise<void>;
  /** Notes that a VM was made from the image of this name at this moment, or later. */
  noteUsed(name: string, at: EpochMs): Promise<void>;
  /** Of the names that were used, each once. */
  listUses(): Promise<readonly ImageUse[]>;
  /** Forgets when the image of this name was used. */
  forgetUse(name: string): Promise<void>;
}
