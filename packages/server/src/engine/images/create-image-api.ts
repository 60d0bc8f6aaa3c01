import type { ImageApi } from '../apis/image-api.ts';
import type { ChangeDeps } from '../create-deps.ts';
import { buildImage } from '../operations/build-image.ts';
import { defineImage } from '../operations/define-image.ts';
import { removeImage } from '../operations/remove-image.ts';
import { updateImage } from '../operations/update-image.ts';
import { getImage, listImages } from '../queries/images.ts';
import type { BuiltInTemplates } from '../templates/sync-built-in.ts';

/** The images of engine.ts: none is removed before the built-in templates are known, which may need it. */
export function createImageApi(deps: ChangeDeps, { whenKnown }: BuiltInTemplates): ImageApi {
  return {
    list: (principal, which) => listImages(deps, principal, which),
    get: (principal, name) => getImage(deps, principal, name),
    define: (principal, image, options) => defineImage(deps, principal, image, options),
    build: (principal, name, options) => buildImage(deps, principal, name, options),
    update: (principal, name, change) => updateImage(deps, principal, name, change),
    remove: async (principal, ref) => {
      await whenKnown();
      return await removeImage(deps, principal, ref);
    },
  };
}
