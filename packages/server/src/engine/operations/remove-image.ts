import { VolaryError } from '../../domain/errors.ts';
import type { NewEvent } from '../../domain/events.ts';
import type { Image } from '../../domain/image/image.ts';
import type { Principal } from '../../domain/principal/principal.ts';
import type { EpochMs } from '../../domain/time.ts';
import { authorise } from '../access/authorise.ts';
import { auditTarget, recordAudit } from '../audit/record-audit.ts';
import { usersOfImage } from '../system/references.ts';
import { type ImageOperationDeps, unknownImage } from './build-image.ts';

/** Users that a refusal names. */
const NAMED_USERS = 10;

/**
 * Removes an image by digest, or all versions of it by name. Refused while VMs or snapshots of this installation stand on one of them:
 * the room would not be free, since their disks keep what they need of it. So does what stands on it in other installations, which nobody
 * asks. Throws `failed_precondition` image.in_use.
 */
export async function removeImage(
  deps: ImageOperationDeps,
  principal: Principal,
  ref: string,
): Promise<readonly Image[]> {
  authorise(principal, 'image:delete');
  const named = (await deps.images.list()).filter((image) => image.name === ref || image.digest === ref);
  if (named.length === 0) throw unknownImage(ref);
  for (const image of named) await requireUnused(deps, image);
  await recordAudit(deps.store, deps.clock, principal, {
    action: 'image.delete',
    target: auditTarget('image', { name: named[0]?.name ?? ref }),
    details: { digests: named.map(({ digest }) => digest) },
  });
  for (const { digest } of named) await deps.images.remove(digest);
  const now = deps.clock.now();
  await deps.store.events.append(named.map((image) => imageEvent('image.removed', image, now)));
  deps.bus.publish('events', '');
  return named;
}

async function requireUnused({ store }: ImageOperationDeps, { name, digest }: Image): Promise<void> {
  const users = await usersOfImage(store, digest);
  if (users.length === 0) return;
  const named = users.slice(0, NAMED_USERS);
  const others = users.length - named.length;
  const names = `${named.map((user) => `${user.kind} ${user.name}`).join(', ')}${others > 0 ? ` and ${others} more` : ''}`;
  throw new VolaryError('failed_precondition', `The image ${name} (${digest.slice(0, 12)}) is used by ${names}.`, {
    reason: 'image.in_use',
    details: { digest, used_by: named, user_count: users.length },
  });
}

/** An event about an image. */
export function imageEvent(
  type: 'image.built' | 'image.removed',
  image: Pick<Image, 'name' | 'digest' | 'sizeBytes'>,
  at: EpochMs,
): NewEvent {
  return {
    type,
    at,
    subject: image.name,
    vmId: null,
    owner: null,
    operationId: null,
    data: { name: image.name, digest: image.digest, size_bytes: image.sizeBytes },
  };
}
