import type { Mutation } from '../../domain/audit/actions.ts';
import type { AuditTarget } from '../../domain/audit/audit.ts';
import type { JsonObject } from '../../domain/json.ts';
import type { Principal } from '../../domain/principal/principal.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Tables } from '../../ports/store.ts';

/** Something that somebody has done. */
export interface Done {
  readonly action: Mutation;
  readonly target: AuditTarget;
  /** What else tells it from others of its kind: ids, names, counts. No secret, no body, no environment, no content, no URL. */
  readonly details?: JsonObject;
}

/**
 * Writes down who did this, in the transaction of its effect, so that no crash loses the one or the other. What takes effect where
 * there is no transaction (inside a guest, in the cache of images) is written down before it is begun.
 */
export async function recordAudit(
  { audit }: Pick<Tables, 'audit'>,
  clock: Pick<Clock, 'now'>,
  { name, credential, origin }: Principal,
  { action, target, details = {} }: Done,
): Promise<void> {
  await audit.append([
    {
      at: clock.now(),
      principal: name,
      credential,
      address: origin.address,
      requestId: origin.requestId,
      ...{ action, target, details },
      result: 'ok',
      reason: null,
    },
  ]);
}

/** A VM, a snapshot … as the audit names it. */
export function auditTarget(
  kind: string,
  { id = null, name = null }: { readonly id?: string | null; readonly name?: string | null },
): AuditTarget {
  return { kind, id, name };
}
