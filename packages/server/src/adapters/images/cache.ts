import { join } from 'node:path';
import type { VolaryError } from '../../domain/errors.ts';
import { type AnyImage, type Image, isBootable } from '../../domain/image/image.ts';
import { namesIn } from '../shared/in-place.ts';
import { isUnreadable } from '../shared/read-facts.ts';
import { type CachedImage, isNamed, readImage } from './manifest.ts';

/** Where images are kept. Absolute. */
export interface CachePaths {
  readonly directory: string;
  readonly images: string;
  readonly roots: string;
  /** Files on their way here, by their checksum. */
  readonly downloads: string;
  /** The file whose lock a builder holds. */
  readonly lock: string;
}

/** The places below a cache directory. */
export function cachePaths(directory: string): CachePaths {
  return {
    directory,
    images: join(directory, 'images'),
    roots: join(directory, 'roots'),
    downloads: join(directory, 'downloads'),
    lock: join(directory, 'build.lock'),
  };
}

/** All complete images, newest first, without those that cannot be read now. */
export async function listImages(cache: CachePaths): Promise<readonly AnyImage[]> {
  return (await readAll(cache)).images.map(({ image }) => image);
}

/**
 * The newest image of this name that was made from sources with this digest, or null. Throws `unavailable` host.file_unreadable where one of this name cannot be
 * read, which may be the one: it is not made anew for that.
 */
export async function findBySources(cache: CachePaths, name: string, sources: string): Promise<AnyImage | null> {
  const { images, unreadable } = await readAll(cache);
  const found = images.find(({ manifest }) => manifest.name === name && manifest.sources.includes(sources));
  if (found !== undefined) return found.image;
  for (const [directory, error] of unreadable) if (isNamed(directory, name)) throw error;
  return null;
}

/** What is known of the images of a cache. */
interface ReadImages {
  /** All complete ones, with what they were made from, newest first. */
  readonly images: readonly CachedImage[];
  /** Those that cannot be read now, by the names of their directories, and why. */
  readonly unreadable: ReadonlyMap<string, VolaryError>;
}

/** One that cannot be read keeps nobody from the others. */
export async function readAll({ images }: Pick<CachePaths, 'images'>): Promise<ReadImages> {
  const unreadable = new Map<string, VolaryError>();
  const read = await Promise.all(
    (await namesIn(images)).map((name) =>
      readImage(join(images, name)).catch((error: unknown) => {
        if (!isUnreadable(error)) throw error;
        unreadable.set(name, error);
        return null;
      }),
    ),
  );
  const complete = read.filter((each) => each !== null).toSorted((a, b) => b.image.builtAt - a.image.builtAt);
  return { images: complete, unreadable };
}

/** One that is started; by its sources it is known to be one. */
export function requireBootable(image: AnyImage): Image {
  if (isBootable(image)) return image;
  throw new TypeError(`${image.name} is not to be started`);
}
