import type { FastifyRequest } from 'fastify';
import type { Deployment } from '../../domain/deployment/deployment.ts';
import { VolaryError } from '../../domain/errors.ts';
import type { Network } from '../../domain/network/network.ts';
import type { SecurityGroup } from '../../domain/network/security-group.ts';
import type { Snapshot } from '../../domain/snapshot/snapshot.ts';
import type { User } from '../../domain/user/user.ts';
import type { Vm } from '../../domain/vm/vm.ts';
import type { Volume } from '../../domain/volume/volume.ts';
import type { Webhook } from '../../domain/webhook/webhook.ts';
import type { Workspace } from '../../domain/workspace/workspace.ts';
import type { VmApi } from '../../engine/apis/vm-api.ts';
import type { Precondition, Unchanged } from '../../engine/requests.ts';
import { onceOf } from '../idempotency.ts';

/** The strong ETag of a VM, a snapshot or a volume: its id too, since a name may pass from one to another. */
export function etagOf({ id, revision }: Pick<Vm | Snapshot | Volume, 'id' | 'revision'>): string {
  return `"${id}.${revision}"`;
}

/**
 * The ETag of the settings of a webhook, a user, a network or a security group: how far the first is, when the second came last, and which
 * address the third gives next, changes all the time, and is nothing that a change is based on.
 */
export function etagOfSettings({
  id,
  updatedAt,
}: Pick<Webhook | User | Network | SecurityGroup, 'id' | 'updatedAt'>): string {
  return `"${id}.${updatedAt}"`;
}

/** The ETag of what is wanted of a deployment or a workspace: what becomes of its VMs is nothing that a change is based on. */
export function etagOfWish({ id, generation }: Pick<Deployment | Workspace, 'id' | 'generation'>): string {
  return `"${id}.${generation}"`;
}

/** As what the caller has seen what is to be changed, by `If-Match`. */
export function unchangedOf({ headers: { 'if-match': ifMatch } }: FastifyRequest): Unchanged {
  if (ifMatch === undefined || ifMatch.trim() === '*') return {};
  const seen = tagsOf(ifMatch).flatMap((tag) => {
    const [, id, version] = /^"(.+)\.(\d+)"$/.exec(tag) ?? [];
    return id === undefined ? [] : [{ id, version: Number(version) }];
  });
  return { ifStill: seen };
}

/** True when the caller knows this state already (RFC 9110, 13.1.2: a weak comparison). */
export function isKnown(ifNoneMatch: string | undefined, etag: string): boolean {
  if (ifNoneMatch === undefined) return false;
  return ifNoneMatch.trim() === '*' || tagsOf(ifNoneMatch).some((tag) => tag.replace(/^W\//, '') === etag);
}

/**
 * The VM to be changed, and the revision it must have, by `If-Match`. It is then named by its id: between this look and the
 * change its name might pass to another. Throws `conflict` vm.changed when none of the tags is its present one.
 */
export async function preconditionOf(
  vms: VmApi,
  request: FastifyRequest,
  ref: string,
): Promise<{ readonly ref: string; readonly precondition: Precondition }> {
  const ifMatch = request.headers['if-match'];
  const once = onceOf(request);
  // What has been done already is not done again: that it has changed the VM since is no reason to refuse the answer.
  const isDone = once.once !== undefined && once.once.effect !== null;
  if (isDone || ifMatch === undefined || ifMatch.trim() === '*') return { ref, precondition: once };
  const vm = await vms.get(request.principal, ref);
  if (tagsOf(ifMatch).includes(etagOf(vm))) return { ref: vm.id, precondition: { ...once, revision: vm.revision } };
  throw new VolaryError('conflict', 'The VM has changed since you looked at it.', {
    reason: 'vm.changed',
    details: { revision: vm.revision },
  });
}

function tagsOf(header: string): readonly string[] {
  return header.match(/(?:W\/)?"[^"]*"/g) ?? [];
}
