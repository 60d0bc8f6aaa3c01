import type { FastifyRequest } from 'fastify';
import { VolaryError } from '../../domain/errors.ts';
import { NOBODY } from '../../domain/principal/principal.ts';
import type { Engine } from '../../engine/engine.ts';
import type { Credentials } from '../../engine/identity/credentials.ts';
import type { AuthenticateRequest } from '../auth/authenticate-requests.ts';

/**
 * The same for a dialect whose documents open WebSockets as browsers do, which can set no header: a handshake may say who asks in its address
 * (`?api_key=`, `?token=`). One that says nothing is nobody's until its first message tells (`serveSocket`).
 */
export function withSockets(
  authenticate: AuthenticateRequest,
  { engine }: { readonly engine: Pick<Engine, 'authenticate'> },
): AuthenticateRequest {
  return (request, isHandshake) => {
    if (!isHandshake) return authenticate(request, false);
    try {
      return authenticate(request, true);
    } catch (error) {
      if (!(error instanceof VolaryError) || error.reason !== 'auth.key_missing') throw error;
      // A header of another kind is meant to say who asks, and does not.
      if (request.headers.authorization !== undefined) throw error;
      const presented = inAddress(request);
      return presented === null ? NOBODY : engine.authenticate(presented, request.origin);
    }
  };
}

function inAddress({ query }: FastifyRequest): Credentials | null {
  return credentialsIn(typeof query === 'object' && query !== null ? query : {});
}

/** What an object presents by `api_key` or `token`; null where it has neither. */
export function credentialsIn(given: object): Credentials | null {
  const { api_key: key, token } = { api_key: null, token: null, ...given };
  if (typeof key === 'string' && key !== '') return { kind: 'key', value: key };
  return typeof token === 'string' && token !== '' ? { kind: 'bearer', value: token } : null;
}
