import type { VolaryError } from '../errors.ts';
import type { JsonObject } from '../json.ts';
import type { Credential } from '../principal/principal.ts';
import type { EpochMs } from '../time.ts';

/**
 * `ok`: it took effect, or was begun. `refused`: nothing came of it, by a rule or by what the caller sent. `failed`: something of ours
 * was in the way, and what came of it is to be looked at.
 */
export const AUDIT_RESULTS = ['ok', 'refused', 'failed'] as const;
export type AuditResult = (typeof AUDIT_RESULTS)[number];

/** What something was done to. Null where that has no id, or no name, or nobody knows it. */
export interface AuditTarget {
  /** `vm`, `snapshot`, `user` … */
  readonly kind: string;
  readonly id: string | null;
  readonly name: string | null;
}

/** Who did what, to what, from where, and what became of it; not yet written. Holds no secret, no body, no content of a file, no URL. */
export interface NewAuditEntry {
  readonly at: EpochMs;
  /** Name of the user; `system` for what the server did by itself, `nobody` without a valid credential. */
  readonly principal: string;
  readonly credential: Credential;
  /** Of the client, as far as trusted proxies tell; null for what did not come over the network. */
  readonly address: string | null;
  readonly requestId: string | null;
  /** A `Mutation`, one by `readActionOf`, or `various` in a sum of refusals; older versions may have known others. */
  readonly action: string;
  readonly target: AuditTarget;
  readonly result: AuditResult;
  /** The error's; null when it is `ok`. */
  readonly reason: string | null;
  readonly details: JsonObject;
}

/** An entry as it is kept: numbered in the order in which they were written. */
export interface AuditEntry extends NewAuditEntry {
  readonly sequence: number;
}

/** Faults that are not the caller's. */
const OURS: readonly VolaryError['code'][] = ['internal', 'data_loss', 'unavailable', 'deadline_exceeded', 'aborted'];

export function resultOf({ code }: Pick<VolaryError, 'code'>): Exclude<AuditResult, 'ok'> {
  return OURS.includes(code) ? 'failed' : 'refused';
}
