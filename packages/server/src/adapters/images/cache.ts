import { join } from 'node:path';
import { type AnyImage, type Image, isBootable } from '../../domain/image/image.ts';
import { namesIn } from '../shared/in-place.ts';
import { type CachedImage, readImage } from './manifest.ts';

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

/** All complete images, newest first. */
export async function listImages(cache: CachePaths): Promise<readonly AnyImage[]> {
  return (await readAll(cache)).map(({ image }) => image);
}

/** The newest image of this name that was made from sources with this digest, or null. */
export async function findBySources(cache: CachePaths, name: string, sources: string): Promise<AnyImage | null> {
  const found = (await readAll(cache)).find(
    ({ manifest }) => manifest.name === name && manifest.sources.includes(sources),
  );
  return found?.image ?? null;
}

/** All complete images with what they were made from, newest first. */
export async function readAll({ images }: CachePaths): Promise<readonly CachedImage[]> {
  const read = await Promise.all((await namesIn(images)).map((name) => readImage(join(images, name))));
  return read.filter((each) => each !== null).toSorted((a, b) => b.image.builtAt - a.image.builtAt);
}

/** One that is started; by its sources it is known to be one. */
export function requireBootable(image: AnyImage): Image {
  if (isBootable(image)) return image;
  throw new TypeError(`${image.name} is not to be started`);
}
