import { endOf } from '../../domain/session/session.ts';
import type { VerifiedToken } from './credentials.ts';
import { findSession } from './refresh-session.ts';
import type { SessionDeps } from './session-deps.ts';

/**
 * Who asks by this access token. Throws `unauthenticated` auth.token_expired / auth.token_invalid, auth.session_ended when the session or its
 * user is not good any more.
 */
export async function verifyAccessToken(
  deps: Pick<SessionDeps, 'store' | 'clock' | 'keys' | 'limits'>,
  accessToken: string,
): Promise<VerifiedToken> {
  const claims = await deps.keys.verify(accessToken, 'access');
  const { session } = await findSession(deps, deps.store, claims);
  return {
    userId: claims.userId,
    sessionId: claims.sessionId,
    expiresAt: Math.min(claims.expiresAt, endOf(session, deps.limits)),
  };
}
