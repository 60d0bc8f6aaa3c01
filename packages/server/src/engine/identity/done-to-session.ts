import type { Mutation } from '../../domain/audit/actions.ts';
import type { JsonObject } from '../../domain/json.ts';
import type { Principal, RequestOrigin } from '../../domain/principal/principal.ts';
import { NO_RIGHTS } from '../../domain/principal/rights.ts';
import type { Session } from '../../domain/session/session.ts';
import { auditTarget, type Done } from '../audit/record-audit.ts';

/** Something that was done to a session, for the audit. */
export function doneToSession(
  action: Extract<Mutation, `session.${string}`>,
  { id, owner }: Session,
  details: JsonObject = {},
): Done {
  return { action, target: auditTarget('session', { id }), details: { owner, ...details } };
}

/** Whoever has just shown what the session is begun or gone on with: its user, as far as the audit is concerned. */
export function bySession({ id, owner }: Session, origin: RequestOrigin): Principal {
  return { kind: 'user', name: owner, rights: NO_RIGHTS, credential: { kind: 'session', id }, origin };
}
