import type { NewEvent } from '../../domain/events.ts';
import type { Image } from '../../domain/image/image.ts';
import type { Principal } from '../../domain/principal/principal.ts';
import type { EpochMs } from '../../domain/time.ts';
import { authorise } from '../access/authorise.ts';
import { type ImageOperationDeps, unknownImage } from './build-image.ts';

/**
 * Removes an image by digest, or all versions of it by name. Disks that were made from it have what they need of it by
 * themselves, so that nobody has to be asked, neither here nor in other servers that share these images.
 */
export async function removeImage(
  deps: ImageOperationDeps,
  principal: Principal,
  ref: string,
): Promise<readonly Image[]> {
  authorise(principal, 'image:delete');
  const named = (await deps.images.list()).filter((image) => image.name === ref || image.digest === ref);
  if (named.length === 0) throw unknownImage(ref);
  for (const { digest } of named) await deps.images.remove(digest);
  const now = deps.clock.now();
  await deps.store.events.append(named.map((image) => imageEvent('image.removed', image, now)));
  deps.bus.publish('events', '');
  return named;
}

/** An event about an image. */
export function imageEvent(type: 'image.built' | 'image.removed', image: Image, at: EpochMs): NewEvent {
  return {
    type,
    at,
    subject: image.name,
    vmId: null,
    operationId: null,
    data: { name: image.name, digest: image.digest, size_bytes: image.sizeBytes },
  };
}
