import type {
  ChangePasswordRequest,
  DisableMfaRequest,
  JsonWebKeySet,
  Login,
  LoginRequest,
  MfaEnrolment,
  RecoveryCodes,
  Session,
  SessionPage,
} from '@volary/contract';
import type { Abortable } from './abortable.ts';
import { allItems } from './pages.ts';
import { createTransport, type Transport, type TransportOptions } from './transport.ts';

export interface SessionQuery {
  readonly limit?: number;
  readonly cursor?: string;
  /** Name of a user; absent: all that the caller may see. */
  readonly user?: string;
}

/** Sessions, the own password and the second factor. Nothing of this is sent again by itself when the connection breaks. */
export interface AuthClient {
  /** Ends the session that the client's token belongs to. */
  logOut(options?: Abortable): Promise<void>;
  sessions(query?: SessionQuery, options?: Abortable): Promise<SessionPage>;
  /** All pages, in the order they were begun. */
  allSessions(query?: Omit<SessionQuery, 'cursor'>, options?: Abortable): AsyncIterable<Session>;
  revokeSession(id: string, options?: Abortable): Promise<void>;
  changePassword(request: ChangePasswordRequest, options?: Abortable): Promise<void>;
  /** A second factor, which counts when `confirmMfa` was given a code of it. Told this once. */
  enrolMfa(options?: Abortable): Promise<MfaEnrolment>;
  /** Told this once. */
  confirmMfa(code: string, options?: Abortable): Promise<RecoveryCodes>;
  disableMfa(request: DisableMfaRequest, options?: Abortable): Promise<void>;
  renewRecoveryCodes(code: string, options?: Abortable): Promise<RecoveryCodes>;
  /** The keys by which access tokens can be verified. */
  publicKeys(options?: Abortable): Promise<JsonWebKeySet>;
}

/** Begins a session with a password: `tokensOf` and `loginCredentials` make of it what `createClient` takes as the key. */
export function logIn(server: Omit<TransportOptions, 'apiKey'>, request: LoginRequest): Promise<Login> {
  return anonymous(server).json({ method: 'POST', path: '/v1/auth/login', json: request });
}

/** The next tokens. The refresh token is used up by it, also when the answer does not arrive. */
export function refreshLogin(server: Omit<TransportOptions, 'apiKey'>, refreshToken: string): Promise<Login> {
  return anonymous(server).json({ method: 'POST', path: '/v1/auth/refresh', json: { refresh_token: refreshToken } });
}

function anonymous(server: Omit<TransportOptions, 'apiKey'>): Transport {
  return createTransport({ ...server, apiKey: null });
}

export function createAuthClient(transport: Transport): AuthClient {
  const post = <T>(path: string, json: unknown, signal: AbortSignal | undefined): Promise<T> =>
    transport.json({ method: 'POST', path: `/v1/auth/${path}`, json, signal });
  const client: AuthClient = {
    logOut: async ({ signal } = {}) => {
      await transport.send({ method: 'POST', path: '/v1/auth/logout', json: {}, signal });
    },
    sessions: (query = {}, { signal } = {}) =>
      transport.json({ method: 'GET', path: '/v1/auth/sessions', query: { ...query }, signal }),
    allSessions: (query = {}, options = {}) =>
      allItems((cursor) => client.sessions(cursor === undefined ? query : { ...query, cursor }, options)),
    revokeSession: async (id, { signal } = {}) => {
      await transport.send({ method: 'DELETE', path: `/v1/auth/sessions/${encodeURIComponent(id)}`, signal });
    },
    changePassword: async (request, { signal } = {}) => {
      await transport.send({ method: 'POST', path: '/v1/auth/password', json: request, signal });
    },
    enrolMfa: ({ signal } = {}) => post('mfa', {}, signal),
    confirmMfa: (code, { signal } = {}) => post('mfa/confirm', { code }, signal),
    disableMfa: async (request, { signal } = {}) => {
      await transport.send({ method: 'DELETE', path: '/v1/auth/mfa', json: request, signal });
    },
    renewRecoveryCodes: (code, { signal } = {}) => post('mfa/recovery-codes', { code }, signal),
    publicKeys: ({ signal } = {}) => transport.json({ method: 'GET', path: '/.well-known/jwks.json', signal }),
  };
  return client;
}
