import { VolaryError } from '../../../domain/errors.ts';
import type { Principal } from '../../../domain/principal/principal.ts';
import type { AuthenticateRequest } from '../../auth/authenticate-requests.ts';
import { credentialsOf } from '../../auth/credentials.ts';
import { proxiedUserOf, requireNoForeignPage } from '../../auth/proxied-user.ts';
import type { FaceContext } from '../../face.ts';
import { isLocalRequest } from '../../host-header.ts';

/**
 * Who asks. A key counts before all, then the word of a trusted proxy. Without either, whoever is on this machine is let in, unless the
 * server is set otherwise: the connection comes from the loopback, the server was called by its name or address there, nothing was
 * passed on, and no page of somebody else's has had it sent.
 *
 * Throws or rejects with `unauthenticated` auth.key_missing, `permission_denied` request.foreign_origin / request.foreign_host, and as
 * `Engine.authenticate` and `proxiedUserOf` do.
 */
export function createIdentify({
  engine,
  allowedOrigins,
  identities: { isLoopbackOpen },
}: Pick<FaceContext, 'engine' | 'allowedOrigins' | 'identities'>): AuthenticateRequest {
  return (request, isHandshake): Principal | Promise<Principal> => {
    const { origin, headers } = request;
    const presented = credentialsOf(headers, isHandshake);
    if (presented !== null) return engine.authenticate(presented, origin);
    if (headers.authorization === undefined) {
      const name = proxiedUserOf(request, allowedOrigins);
      if (name !== null) return engine.authenticate({ kind: 'proxy', name }, origin);
      if (isLoopbackOpen && !origin.isProxied && isLocalRequest(request)) {
        requireNoForeignPage(request, allowedOrigins);
        return engine.authenticate({ kind: 'loopback' }, origin);
      }
    }
    throw new VolaryError('unauthenticated', 'Send a key: Authorization: Bearer KEY, or X-API-Key: KEY.', {
      reason: 'auth.key_missing',
    });
  };
}
