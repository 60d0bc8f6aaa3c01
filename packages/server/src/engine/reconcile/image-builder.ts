import type { EngineDeps } from '../deps.ts';
import { imageEvent } from '../operations/remove-image.ts';
import { type Builds, createBuilds } from './builds.ts';

type BuilderDeps = Pick<EngineDeps, 'store' | 'images' | 'bus' | 'clock' | 'log'>;

/** The builds of images that are operations. */
export function createImageBuilds(deps: BuilderDeps): Builds {
  return createBuilds(deps, async ({ subject }, recorder, { signal }) => {
    const image = await deps.images.ensure(subject.name, {
      signal,
      onProgress: ({ step, fraction, message }) => recorder.report({ fraction, message: `${step}: ${message}` }),
    });
    await recorder.succeed({ name: image.name, digest: image.digest }, [
      imageEvent('image.built', image, deps.clock.now()),
    ]);
  });
}
