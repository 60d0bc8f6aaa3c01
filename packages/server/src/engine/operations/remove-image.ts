import { VolaryError } from '../../domain/errors.ts';
import type { NewEvent } from '../../domain/events.ts';
import { type Image, isBootable } from '../../domain/image/image.ts';
import type { Principal } from '../../domain/principal/principal.ts';
import type { EpochMs } from '../../domain/time.ts';
import type { Tables } from '../../ports/store.ts';
import { authorise } from '../access/authorise.ts';
import { auditTarget, recordAudit } from '../audit/record-audit.ts';
import { forgetImage } from '../images/forget-image.ts';
import { usersOfName } from '../images/users-of-image.ts';
import { deploymentsByImage, usersOfImage } from '../system/references.ts';
import { type ImageOperationDeps, unknownImage } from './build-image.ts';
import { ofTemplate } from './define-image.ts';

/** Users that a refusal names. */
const NAMED_USERS = 10;

/**
 * Removes an image by digest; or by name all versions of it, and what users had the name stand for. Refused while VMs or snapshots of this installation
 * stand on one of them: the room would not be free, since their disks keep what they need of it. So does what stands on it in other installations, which nobody
 * asks. Refused too while deployments make replicas from it, and what a name stands for stays as long as VMs, templates or deployments name it. Throws `failed_precondition` image.in_use, image.of_template.
 */
export async function removeImage(
  deps: ImageOperationDeps,
  principal: Principal,
  ref: string,
): Promise<readonly Image[]> {
  authorise(principal, 'image:delete');
  const named = (await deps.images.list())
    .filter(isBootable)
    .filter((image) => image.name === ref || image.digest === ref);
  const isDefined = (await deps.store.images.get(ref)) !== null;
  if (named.length === 0 && !isDefined) throw unknownImage(ref);
  for (const image of named) await requireUnused(deps, image);
  await deps.store.transaction(async (tables) => {
    if (isDefined) await removeDefinition(tables, ref);
    await recordAudit(tables, deps.clock, principal, {
      action: 'image.delete',
      target: auditTarget('image', { name: named[0]?.name ?? ref }),
      details: { digests: named.map(({ digest }) => digest) },
    });
  });
  for (const { digest } of named) await deps.images.remove(digest);
  const now = deps.clock.now();
  await deps.store.events.append(named.map((image) => imageEvent('image.removed', image, now)));
  deps.bus.publish('events', '');
  return named;
}

/** In the transaction that looks for what names it, so that no VM is asked for with it meanwhile. */
async function removeDefinition(tables: Tables, name: string): Promise<void> {
  const stored = await tables.images.get(name);
  if (stored === null) return;
  if (stored.template !== null) throw ofTemplate(name, stored.template);
  const users = await usersOfName(tables, name);
  if (users.length > 0) throw inUse(name, users, {});
  await forgetImage(tables, name);
}

async function requireUnused({ store, images }: ImageOperationDeps, { name, digest }: Image): Promise<void> {
  const isCurrent = (await images.find(name))?.digest === digest;
  const asking = isCurrent ? ((await deploymentsByImage(store)).get(name) ?? []) : [];
  const users = [...(await usersOfImage(store, digest)), ...asking];
  if (users.length > 0) throw inUse(`${name} (${digest.slice(0, 12)})`, users, { digest });
}

function inUse(
  what: string,
  users: readonly { readonly kind: string; readonly name: string }[],
  details: Readonly<Record<string, unknown>>,
): VolaryError {
  const named = users.slice(0, NAMED_USERS);
  const others = users.length - named.length;
  const names = `${named.map((user) => `${user.kind} ${user.name}`).join(', ')}${others > 0 ? ` and ${others} more` : ''}`;
  return new VolaryError('failed_precondition', `The image ${what} is used by ${names}.`, {
    reason: 'image.in_use',
    details: { ...details, used_by: named, user_count: users.length },
  });
}

/** An event about an image. */
export function imageEvent(
  type: 'image.defined' | 'image.built' | 'image.removed',
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
