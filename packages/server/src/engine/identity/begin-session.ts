import { endOf, type Session } from '../../domain/session/session.ts';
import type { TokenKind } from '../../domain/session/token.ts';
import type { EpochMs } from '../../domain/time.ts';
import type { User } from '../../domain/user/user.ts';
import type { Tables } from '../../ports/store.ts';
import type { Login } from '../apis/auth-api.ts';
import { permissionsOf } from './roles-of.ts';
import type { Client, SessionDeps } from './session-deps.ts';

const LONGEST_USER_AGENT = 256;

/** A new session, and how many others have given way to it. */
export interface BegunSession {
  readonly session: Session;
  readonly displacedCount: number;
}

/** A new session of this user, written together with what led to it. Its user's oldest one gives way if there are too many. */
export async function beginSession(
  { clock, ids, limits }: Pick<SessionDeps, 'clock' | 'ids' | 'limits'>,
  { sessions, users }: Pick<Tables, 'sessions' | 'users'>,
  { user, client, rotates }: { readonly user: User; readonly client: Client; readonly rotates: boolean },
): Promise<BegunSession> {
  const now = clock.now();
  const session: Session = {
    id: ids.create('sess'),
    userId: user.id,
    owner: user.name,
    generation: 0,
    rotates,
    userAgent: client.userAgent.slice(0, LONGEST_USER_AGENT),
    address: client.address,
    createdAt: now,
    lastUsedAt: now,
    expiresAt: now + limits.sessionMs,
    end: null,
    revision: 1,
  };
  await sessions.insert(session);
  const displacedCount = await sessions.endBeyond(user.id, limits.maxPerUser, { at: now, because: 'displaced' });
  await users.markLogin(user.id, now);
  return { session, displacedCount };
}

/** The tokens of a session as it is now. */
export async function tokensOf(
  { clock, keys, limits, store }: Pick<SessionDeps, 'clock' | 'keys' | 'limits' | 'store'>,
  { user, session }: Pick<Login, 'user' | 'session'>,
): Promise<Login> {
  const now = clock.now();
  const sign = (kind: TokenKind, expiresAt: EpochMs): Promise<string> =>
    keys.sign({
      ...{ kind, userId: user.id, sessionId: session.id },
      ...{ generation: session.generation, issuedAt: now, expiresAt },
    });
  const accessEnd = Math.min(now + limits.accessTokenMs, endOf(session, limits));
  // A token that stays the same cannot tell of the session's idle time, which rises with each use: the session itself does.
  const refreshEnd = session.rotates ? endOf(session, limits) : session.expiresAt;
  const [accessToken, refreshToken] = await Promise.all([sign('access', accessEnd), sign('refresh', refreshEnd)]);
  const permissions = await permissionsOf(store, user);
  return {
    user,
    permissions,
    session,
    accessToken,
    refreshToken,
    expiresInSeconds: Math.floor((accessEnd - now) / 1_000),
  };
}
