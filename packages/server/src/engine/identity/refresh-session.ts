import { VolaryError } from '../../domain/errors.ts';
import { FROM_NOWHERE, type RequestOrigin } from '../../domain/principal/principal.ts';
import { isLive, type Session } from '../../domain/session/session.ts';
import type { TokenClaims } from '../../domain/session/token.ts';
import type { User } from '../../domain/user/user.ts';
import type { Tables } from '../../ports/store.ts';
import type { Login } from '../apis/auth-api.ts';
import { recordAudit } from '../audit/record-audit.ts';
import { tokensOf } from './begin-session.ts';
import { bySession, doneToSession } from './done-to-session.ts';
import { type SessionDeps, sessionEnded } from './session-deps.ts';

/**
 * New tokens for a refresh token, which is good once. One that comes again was copied; whether by the one who comes first or by the other,
 * nobody can tell, so the session ends for both. Throws `unauthenticated` auth.token_expired / auth.token_invalid /
 * auth.session_ended / auth.refresh_reused.
 */
export async function refreshSession(
  deps: SessionDeps,
  refreshToken: string,
  origin: RequestOrigin = FROM_NOWHERE,
): Promise<Login> {
  const { store, log } = deps;
  const claims = await deps.keys.verify(refreshToken, 'refresh');
  const found = await store.transaction(async (tables) => {
    const { user, session } = await findSession(deps, tables, claims);
    const next = nextOf(session, claims, deps.clock.now());
    await tables.sessions.update(next);
    const done =
      next.end === null
        ? doneToSession('session.refresh', next)
        : doneToSession('session.delete', next, { because: next.end.because });
    await recordAudit(tables, deps.clock, bySession(next, origin), done);
    return { user, session: next };
  });
  if (found.session.end === null) return await tokensOf(deps, found);
  deps.epoch.advance();
  log.warn('a refresh token came twice; its session was ended', { sessionId: found.session.id, user: found.user.name });
  throw new VolaryError(
    'unauthenticated',
    'This refresh token was used before, so its session has been ended; log in again.',
    {
      reason: 'auth.refresh_reused',
    },
  );
}

/** The session that a token names, and its user, as long as both may go on. Throws `unauthenticated` auth.session_ended. */
export async function findSession(
  { clock, limits }: Pick<SessionDeps, 'clock' | 'limits'>,
  tables: Pick<Tables, 'sessions' | 'users'>,
  { sessionId, userId }: TokenClaims,
): Promise<{ readonly session: Session; readonly user: User }> {
  const [session, user] = [await tables.sessions.get(sessionId), await tables.users.get(userId)];
  const isGood = session?.userId === userId && isLive(session, limits, clock.now()) && user?.state === 'active';
  if (isGood) return { session, user };
  throw sessionEnded();
}

/** The session after its token was used: a generation further, or ended if the token is of an earlier one. */
function nextOf(session: Session, { generation }: TokenClaims, now: number): Session {
  const revision = session.revision + 1;
  if (!session.rotates) return { ...session, revision, lastUsedAt: now };
  if (generation !== session.generation) return { ...session, revision, end: { at: now, because: 'reused' } };
  return { ...session, revision, generation: generation + 1, lastUsedAt: now };
}
