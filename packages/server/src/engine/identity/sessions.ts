import { VolaryError } from '../../domain/errors.ts';
import { parseId, type SessionId } from '../../domain/ids.ts';
import { type Principal, reachOf } from '../../domain/principal/principal.ts';
import { endOf, isLive, type SessionEndReason } from '../../domain/session/session.ts';
import { authorise } from '../access/authorise.ts';
import { ofOwner } from '../access/of-owner.ts';
import { requireVisible } from '../access/require-visible.ts';
import type { ListSessionsRequest, ShownSession } from '../apis/auth-api.ts';
import { recordAudit } from '../audit/record-audit.ts';
import type { Page } from '../requests.ts';
import { doneToSession } from './done-to-session.ts';
import type { SessionDeps } from './session-deps.ts';

/** Sessions that last, in the order they were begun, as far as the principal may see them. */
export async function listSessions(
  { store, clock, limits }: SessionDeps,
  principal: Principal,
  { limit, after, owner }: ListSessionsRequest,
): Promise<Page<ShownSession, SessionId>> {
  authorise(principal, 'session:read');
  const now = clock.now();
  const reach = reachOf(principal, 'session:read');
  if (reach !== null && owner !== null && owner !== reach) return { items: [], next: null };
  const rows = await store.sessions.list({
    ...{ limit: limit + 1, after, live: { at: now, usedAfter: now - limits.idleMs } },
    ...ofOwner(owner ?? reach),
  });
  const current = sessionOf(principal);
  const items = rows.slice(0, limit).map((session) => ({
    ...session,
    endsAt: endOf(session, limits),
    isCurrent: session.id === current,
  }));
  return { items, next: rows.length > limit ? (items.at(-1)?.id ?? null) : null };
}

/** Ends the session: its tokens are good for nothing from now on. Throws `not_found` auth.unknown_session. */
export async function revokeSession(deps: SessionDeps, principal: Principal, id: SessionId): Promise<void> {
  authorise(principal, 'session:delete');
  const found = await deps.store.sessions.get(id);
  const live = found !== null && isLive(found, deps.limits, deps.clock.now()) ? found : null;
  requireVisible({ principal, permission: 'session:delete' }, live, 'session:read', unknownSession);
  await endSession(deps, principal, id, 'revoked');
}

/** Ends the session by whose token the principal asks. Throws `failed_precondition` auth.no_session. */
export async function logOut(deps: SessionDeps, principal: Principal): Promise<void> {
  await endSession(deps, principal, requireSession(principal), 'logged_out');
}

/** The session by whose token the principal asks; null when it asks by another credential. */
export function sessionOf({ credential }: Principal): SessionId | null {
  return credential.kind === 'session' && credential.id !== null ? parseId('sess', credential.id) : null;
}

function requireSession(principal: Principal): SessionId {
  const id = sessionOf(principal);
  if (id !== null) return id;
  throw new VolaryError('failed_precondition', 'This request came with a key, not with the token of a login.', {
    reason: 'auth.no_session',
  });
}

async function endSession(
  { store, clock, epoch }: SessionDeps,
  principal: Principal,
  id: SessionId,
  because: SessionEndReason,
): Promise<void> {
  try {
    await store.transaction(async (tables) => {
      const session = await tables.sessions.get(id);
      if (session === null || session.end !== null) return;
      await tables.sessions.update({ ...session, end: { at: clock.now(), because }, revision: session.revision + 1 });
      await recordAudit(tables, clock, principal, doneToSession('session.delete', session, { because }));
    });
  } finally {
    // Also after a failure: whether a commit that failed has been made is not always known.
    epoch.advance();
  }
}

function unknownSession(): VolaryError {
  return new VolaryError('not_found', 'There is no such session, or it has ended.', { reason: 'auth.unknown_session' });
}
