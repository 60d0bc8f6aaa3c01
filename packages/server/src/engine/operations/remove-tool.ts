import { VolaryError } from '../../domain/errors.ts';
import type { NewEvent } from '../../domain/events.ts';
import type { Principal } from '../../domain/principal/principal.ts';
import type { StorageUser } from '../../domain/system/usage.ts';
import type { EpochMs } from '../../domain/time.ts';
import { type ToolPack, toolText } from '../../domain/tool/tool.ts';
import { authorise } from '../access/authorise.ts';
import { auditTarget, recordAudit } from '../audit/record-audit.ts';
import { findHolders } from '../tools/pack-users.ts';
import type { ToolOperationDeps } from './build-tool.ts';

/** Users that a refusal names. */
const NAMED_USERS = 10;

/**
 * Removes packs, by their digest, as `name@version`, or all of a name. Refused while VMs or snapshots have one of them: the room would not be free,
 * since they keep what they have; and while deployments have a revision whose replicas are given it. What templates name is built again for their next VM. Throws `not_found` tool.not_built, `failed_precondition` tool.in_use.
 */
export async function removeTool(
  deps: ToolOperationDeps,
  principal: Principal,
  ref: string,
): Promise<readonly ToolPack[]> {
  authorise(principal, 'tool:delete');
  const named = (await deps.tools.list()).filter((pack) => [pack.name, toolText(pack), pack.digest].includes(ref));
  if (named.length === 0) {
    throw new VolaryError('not_found', `Nothing has been built of ${ref}.`, { reason: 'tool.not_built' });
  }
  const users = await findHolders(deps.store, named);
  for (const pack of named) requireUnused(pack, users.get(pack.digest) ?? []);
  await recordAudit(deps.store, deps.clock, principal, {
    action: 'tool.delete',
    target: auditTarget('tool', { name: named[0]?.name ?? ref }),
    details: { digests: named.map(({ digest }) => digest) },
  });
  for (const { digest } of named) await deps.tools.remove(digest);
  const now = deps.clock.now();
  await deps.store.events.append(named.map((pack) => toolEvent('tool.removed', pack, now)));
  deps.bus.publish('events', '');
  return named;
}

function requireUnused(pack: ToolPack, users: readonly StorageUser[]): void {
  if (users.length === 0) return;
  const shown = users.slice(0, NAMED_USERS);
  const named = shown.map(({ name }) => name);
  const words = shown.map(({ kind, name }) => `the ${kind === 'vm' ? 'VM' : kind} ${name}`);
  const more = users.length > named.length ? ` and ${users.length - named.length} more` : '';
  throw new VolaryError('failed_precondition', `${toolText(pack)} is used by ${words.join(', ')}${more}.`, {
    reason: 'tool.in_use',
    details: { digest: pack.digest, used_by: named, user_count: users.length },
  });
}

/** An event about a pack. */
export function toolEvent(
  type: 'tool.built' | 'tool.removed',
  pack: Pick<ToolPack, 'name' | 'version' | 'digest' | 'sizeBytes'>,
  at: EpochMs,
): NewEvent {
  const { name, version, digest, sizeBytes } = pack;
  return {
    ...{ type, at, subject: toolText(pack), vmId: null, owner: null, operationId: null },
    data: { name, version, digest, size_bytes: sizeBytes },
  };
}
