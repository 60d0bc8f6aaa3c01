import { VolaryError } from '../../../domain/errors.ts';
import type { Image } from '../../../domain/image/image.ts';
import type { ImageSource } from '../../../ports/image-source.ts';

/** Images for simulated machines: there is one, it has no files, and building it takes no time. */
export function createSimulatedImages(): ImageSource {
  const image: Image = {
    name: 'base',
    digest: '0'.repeat(64),
    kernelPath: '',
    initramfsPath: '',
    rootPath: '',
    rootBytes: 1024 ** 3,
    sizeBytes: 0,
    kernelVersion: 'simulated',
    builtAt: 0,
  };
  let isBuilt = false;
  const built = (): readonly Image[] => (isBuilt ? [image] : []);

  return {
    recipes: () => [image.name],
    list: async () => built(),
    find: async (name) => built().find((each) => each.name === name) ?? null,
    async ensure(name, { signal, onProgress }) {
      signal.throwIfAborted();
      if (name !== image.name) {
        throw new VolaryError('not_found', `There is no image ${name}.`, { reason: 'image.unknown' });
      }
      onProgress({ step: 'simulate', fraction: 1, message: 'nothing to build' });
      isBuilt = true;
      return image;
    },
    measure: async (digests) => new Map(digests.map((digest) => [digest, 0])),
    sweep: async () => ({ count: 0, bytes: 0 }),
    async remove(digest) {
      const wasThere = isBuilt && digest === image.digest;
      if (wasThere) isBuilt = false;
      return wasThere;
    },
  };
}
