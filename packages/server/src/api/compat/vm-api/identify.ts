import type { FastifyRequest } from 'fastify';
import { VolaryError } from '../../../domain/errors.ts';
import type { Principal } from '../../../domain/principal/principal.ts';
import { ofOwnOnly } from '../../../domain/principal/rights.ts';
import type { AuthenticateRequest } from '../../auth/authenticate-requests.ts';
import { credentialsOf } from '../../auth/credentials.ts';
import { proxiedUserOf, requireNoForeignPage } from '../../auth/proxied-user.ts';
import type { FaceContext } from '../../face.ts';
import { isLocalRequest } from '../../host-header.ts';

/**
 * Who asks, by the headers of the document. `X-VM-User` counts from a trusted proxy alone. `x-user` is for development: with `--dev-auth`, or from
 * this machine as long as no proxy is trusted and nothing was forwarded. A key counts before both.
 *
 * Whoever it is sees workspaces of the own here, and no others. Throws or rejects with `unauthenticated` auth.key_missing, auth.user_refused,
 * and as `Engine.authenticate` and `proxiedUserOf` do.
 */
export function createIdentify({
  engine,
  allowedOrigins,
  identities: { devAuth, trustsProxies },
}: Pick<FaceContext, 'engine' | 'allowedOrigins' | 'identities'>): AuthenticateRequest {
  function authenticate(request: FastifyRequest, isHandshake: boolean): Principal | Promise<Principal> {
    const { origin, headers } = request;
    const presented = credentialsOf(headers, isHandshake);
    if (presented !== null) return engine.authenticate(presented, origin);
    const name = headers.authorization === undefined ? userOf(request) : null;
    if (name !== null) return engine.authenticate({ kind: 'proxy', name }, origin);
    throw new VolaryError('unauthenticated', 'Missing or invalid authentication', { reason: 'auth.key_missing' });
  }

  function userOf(request: FastifyRequest): string | null {
    const named = proxiedUserOf(request, allowedOrigins);
    if (named !== null || trustsProxies) return named;
    const name = request.headers['x-user'];
    if (typeof name !== 'string' || name === '' || !(devAuth || isLocalRequest(request))) return null;
    // A browser on this machine would send what any page tells it to.
    requireNoForeignPage(request, allowedOrigins);
    return name;
  }

  return (request, isHandshake) => {
    const found = authenticate(request, isHandshake);
    return found instanceof Promise ? found.then(ofOwn) : ofOwn(found);
  };
}

function ofOwn(principal: Principal): Principal {
  return { ...principal, rights: ofOwnOnly(principal.rights, 'workspace') };
}
