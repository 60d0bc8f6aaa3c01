import type { FastifyRequest } from 'fastify';
import { VolaryError } from '../../domain/errors.ts';
import type { Principal } from '../../domain/principal/principal.ts';
import type { Engine } from '../../engine/engine.ts';
import { credentialsOf } from './credentials.ts';
import { proxiedUserOf } from './proxied-user.ts';

/**
 * Who sends this request: at once, where that is known. What the request itself presents counts before what a proxy says of it. Throws or rejects with
 * `unauthenticated` auth.key_missing, and as `Engine.authenticate` and `proxiedUserOf` do.
 */
export type AuthenticateRequest = (request: FastifyRequest, isHandshake: boolean) => Principal | Promise<Principal>;

export function createRequestAuthenticator(
  { authenticate }: Pick<Engine, 'authenticate'>,
  allowedOrigins: readonly string[],
): AuthenticateRequest {
  return (request, isHandshake) => {
    const { origin } = request;
    const presented = credentialsOf(request.headers, isHandshake);
    if (presented !== null) return authenticate(presented, origin);
    const name = isUnpresented(request) ? proxiedUserOf(request, allowedOrigins) : null;
    if (name !== null) return authenticate({ kind: 'proxy', name }, origin);
    throw new VolaryError('unauthenticated', 'Send a key: Authorization: Bearer KEY, or X-API-Key: KEY.', {
      reason: 'auth.key_missing',
    });
  };
}

/** An `Authorization` of another kind is meant to say who asks, and does not: nobody else is asked then. */
function isUnpresented({ headers }: FastifyRequest): boolean {
  return headers.authorization === undefined;
}
