import { VolaryError } from '../../../domain/errors.ts';
import type { DirectImage, Image } from '../../../domain/image/image.ts';

/** The image, if it is one whose kernel is entered directly. Throws `unsupported` driver.no_firmware_boot. */
export function requireDirect(image: Image): DirectImage {
  if (image.boot === 'direct') return image;
  throw new VolaryError('unsupported', `The image ${image.name} starts by firmware, which this is not for.`, {
    reason: 'driver.no_firmware_boot',
  });
}
