import type { StoredImage } from '../../domain/image/definition.ts';
import type { Image } from '../../domain/image/image.ts';
import type { Operation } from '../../domain/operation/operation.ts';
import type { Principal } from '../../domain/principal/principal.ts';
import type { EpochMs } from '../../domain/time.ts';
import type { NewImage } from '../images/new-image.ts';
import type { Once } from '../requests.ts';

type Labels = Readonly<Record<string, string>>;

export interface ImageApi {
  /** Throws `invalid_argument` selector.invalid. */
  list(principal: Principal, which?: { readonly selector?: string }): Promise<readonly ImageEntry[]>;
  /** Throws `not_found` image.unknown. */
  build(principal: Principal, name: string, options?: Once): Promise<Operation>;
  /** Throws `not_found` image.unknown. */
  get(principal: Principal, name: string): Promise<ImageEntry>;
  /** Has an image made, and its name stand for it then. Throws as `defineImage`. */
  define(principal: Principal, image: NewImage, options?: Once): Promise<Operation>;
  /** Gives it other labels. Throws `not_found` image.unknown, `invalid_argument` vm.invalid_labels. */
  update(principal: Principal, name: string, change: { readonly labels?: Labels }): Promise<ImageEntry>;
  /** `ref` is a name (all its versions, and what it stands for) or a digest. Throws `not_found` image.unknown. */
  remove(principal: Principal, ref: string): Promise<readonly Image[]>;
}

/** What a name stands for, and what was made of it. */
export interface ImageEntry {
  readonly name: string;
  readonly isBuiltIn: boolean;
  readonly labels: Labels;
  /** What users have it stand for; null of what is built in, or stands for nothing any more. */
  readonly stored: StoredImage | null;
  /** False: what it is made of is not for who asks, since addresses, files and scripts may hold secrets. */
  readonly isOriginTold: boolean;
  readonly lastUsedAt: EpochMs | null;
  /** The image as the recipe stands now; null until it is built. */
  readonly current: Image | null;
  /** Built from earlier states of the recipe; kept while a VM's disk needs them. */
  readonly older: readonly Image[];
}
