import type { Login } from '@volary/contract';
import type { Credentials } from './credentials.ts';

/** The tokens of a session, as they may be kept. Who has them can do what their user can. */
export interface LoginTokens {
  readonly accessToken: string;
  readonly refreshToken: string;
  /** When the access token ends, milliseconds since 1970. */
  readonly expiresAt: number;
}

export interface LoginCredentialsOptions {
  readonly tokens: LoginTokens;
  /** Gets the next tokens: `refreshLogin` of this package, with whatever keeps two programs from doing so at once. */
  readonly refresh: (tokens: LoginTokens) => Promise<LoginTokens>;
  /** Default: the wall clock. */
  readonly now?: () => number;
}

/** Before its end by so much an access token is renewed: clocks differ, and requests take time. */
const EARLY_MS = 30_000;

/** The tokens that a login or a refresh has given. */
export function tokensOf(
  { access_token, refresh_token, expires_in }: Pick<Login, 'access_token' | 'refresh_token' | 'expires_in'>,
  now: number = Date.now(),
): LoginTokens {
  return { accessToken: access_token, refreshToken: refresh_token, expiresAt: now + expires_in * 1_000 };
}

/** True as long as the access token need not be renewed. */
export function isFresh({ expiresAt }: LoginTokens, now: number = Date.now()): boolean {
  return now < expiresAt - EARLY_MS;
}

/**
 * Credentials that renew themselves: ahead of time, and when the server refuses them. A refresh token is good once, so the requests
 * of one client that need new tokens at the same time wait for the same refresh.
 */
export function loginCredentials({ tokens, refresh, now = Date.now }: LoginCredentialsOptions): Credentials {
  let known = tokens;
  let refreshing: Promise<LoginTokens> | null = null;

  /** To its end, whoever is not waiting for it any more: tokens that the server has given and nobody has kept would end the session. */
  async function renew(): Promise<string> {
    refreshing ??= refresh(known).finally(() => {
      refreshing = null;
    });
    known = await refreshing;
    return known.accessToken;
  }

  return {
    current: async () => (isFresh(known, now()) ? known.accessToken : await renew()),
    renewed: async (refused) => (refused === known.accessToken ? await renew() : known.accessToken),
  };
}
