import type { FastifyReply, FastifyRequest } from 'fastify';
import { VolaryError } from '../domain/errors.ts';
import { type Face, pathBelow } from './face.ts';
import { isOfPattern } from './match-path.ts';

/** Nothing is there, or it is there by another method: then `Allow` says which. */
export function unknownRoute(
  { face, prefix }: { readonly face: Face; readonly prefix: string },
  request: FastifyRequest,
  reply: FastifyReply,
): VolaryError {
  const path = pathBelow(prefix, request.url);
  const allowed = face.routes.filter((route) => isOfPattern(route.path, path)).map(({ method }) => method);
  if (allowed.length === 0) {
    return new VolaryError('not_found', face.unknownPath, { reason: 'route.unknown' });
  }
  reply.header('allow', allowed.join(', '));
  return new VolaryError('invalid_argument', `${request.method} is not possible here; ${allowed.join(', ')} is.`, {
    reason: 'route.method_not_allowed',
    details: { allowed },
  });
}
