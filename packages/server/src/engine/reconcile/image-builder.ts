import type { EngineDeps } from '../deps.ts';
import { imageEvent } from '../operations/remove-image.ts';
import { type Builds, createBuilds } from './builds.ts';
import { inItsTime } from './operation-deadline.ts';

type BuilderDeps = Pick<EngineDeps, 'store' | 'images' | 'bus' | 'clock' | 'log' | 'tracer'>;

/** The builds of images that are operations. */
export function createImageBuilds(deps: BuilderDeps): Builds {
  return createBuilds(deps, async (operation, recorder, { signal }) => {
    const { id, kind, subject, owner } = operation;
    const asked = kind === 'image.define' ? await deps.store.images.getRequest(id) : null;
    if (kind === 'image.define' && asked === null) throw new TypeError('what is to be made is not written down');
    const image = await inItsTime(deps.clock, operation, signal, (limited) =>
      deps.images.ensure(subject.name, {
        signal: limited,
        ...(asked === null ? {} : { definition: asked.definition }),
        onProgress: ({ step, fraction, message }) => recorder.report({ fraction, message: `${step}: ${message}` }),
      }),
    );
    const now = deps.clock.now();
    const events = [imageEvent('image.built', image, now)];
    if (asked !== null) events.push(imageEvent('image.defined', image, now));
    await recorder.succeed({ name: image.name, digest: image.digest }, events, async (tables) => {
      if (asked === null) return;
      // It may have been given others while it was made.
      const { definition, labels } = (await tables.images.getRequest(id)) ?? asked;
      const former = await tables.images.get(subject.name);
      const createdAt = former?.createdAt ?? now;
      await tables.images.put({ name: subject.name, definition, owner, template: null, createdAt, updatedAt: now });
      if (labels !== null) await tables.namedLabels.put('image', subject.name, labels);
    });
  });
}
