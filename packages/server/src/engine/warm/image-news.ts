import type { EngineDeps } from '../deps.ts';
import type { SparePool } from './spare-pool.ts';

/**
 * The images, telling the pool when VMs of a name are made from another one than before, or from none: machines that were made ahead from
 * the former one are not given away any more, and others can be made.
 */
export function withImageNews(
  images: EngineDeps['images'],
  pool: Pick<SparePool, 'drop' | 'wake'>,
): EngineDeps['images'] {
  /** By name, as it was built or found last. */
  const digests = new Map<string, string>();

  return {
    ...images,
    async ensure(name, options) {
      const image = await images.ensure(name, options);
      if (digests.get(name) === image.digest) return image;
      digests.set(name, image.digest);
      await pool.drop(({ spec, imageDigest }) => spec.image === name && imageDigest !== image.digest);
      pool.wake();
      return image;
    },
    async remove(digest) {
      const wasThere = await images.remove(digest);
      for (const [name, known] of digests) if (known === digest) digests.delete(name);
      await pool.drop((spare) => spare.imageDigest === digest);
      pool.wake();
      return wasThere;
    },
  };
}
