import type { GuessLimits } from '../access/guess-limits.ts';
import type { Ages } from '../ages.ts';
import type { AuthApi } from '../apis/auth-api.ts';
import type { EngineConfig, EngineDeps } from '../deps.ts';
import { verifyAccessToken } from './access-tokens.ts';
import { changePassword } from './change-password.ts';
import type { VerifyToken } from './credentials.ts';
import type { IdentityEpoch } from './identity-epoch.ts';
import { type LogInDeps, logIn } from './log-in.ts';
import { confirmMfa, disableMfa, enrolMfa, renewRecoveryCodes } from './mfa.ts';
import { refreshSession } from './refresh-session.ts';
import { listSessions, logOut, revokeSession } from './sessions.ts';
import { createTokenKeys } from './token-keys.ts';

/** Logins, and what has to be looked after for them. */
export interface Auth {
  readonly api: AuthApi;
  readonly verifyToken: VerifyToken;
  /** Changes keys of tokens when it is time, and drops sessions that are over. To be called now and then. */
  look(): Promise<void>;
}

/** Rows dropped in one look. */
const BATCH = 500;

export type AuthDeps = Omit<LogInDeps, 'keys' | 'limits' | 'epoch' | 'guesses'> & Pick<EngineDeps, 'tokenSigner'>;

export function createAuth(
  given: AuthDeps,
  { hostId, sessions: limits }: Pick<EngineConfig, 'hostId' | 'sessions'>,
  { epoch, ages, guesses }: { readonly epoch: IdentityEpoch; readonly ages: Ages; readonly guesses: GuessLimits },
): Auth {
  const { store } = given;
  const keys = createTokenKeys({
    ...{ ...given, ages },
    // The first of several servers gives its name to all: a token of one is good at the others.
    issuer: () => store.settings.getOrInsert('token_issuer', `urn:volary:${hostId}`),
    policy: { rotateAfterMs: limits.keyAgeMs, announceMs: limits.keyAnnounceMs, longestTokenMs: limits.sessionMs },
  });
  const deps: LogInDeps = { ...given, keys, limits, epoch, guesses };
  return {
    api: {
      logIn: (client, request) => logIn(deps, client, request),
      refresh: (refreshToken, origin) => refreshSession(deps, refreshToken, origin),
      logOut: (principal) => logOut(deps, principal),
      listSessions: (principal, request) => listSessions(deps, principal, request),
      revokeSession: (principal, id) => revokeSession(deps, principal, id),
      changePassword: (principal, change) => changePassword(deps, principal, change),
      enrolMfa: (principal) => enrolMfa(deps, principal),
      confirmMfa: (principal, code) => confirmMfa(deps, principal, code),
      disableMfa: (principal, request) => disableMfa(deps, principal, request),
      renewRecoveryCodes: (principal, code) => renewRecoveryCodes(deps, principal, code),
      publicKeys: () => keys.publicKeys(),
    },
    verifyToken: (token) => verifyAccessToken(deps, token),
    async look() {
      await keys.look();
      await store.sessions.deleteOld({ expiredBefore: ages.before(0), limit: BATCH });
    },
  };
}
