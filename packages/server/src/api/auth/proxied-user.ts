import type { FastifyRequest } from 'fastify';
import { VolaryError } from '../../domain/errors.ts';
import { refusedUser } from '../../engine/identity/credentials.ts';
import { isFromHere, isOwnHost } from '../host-header.ts';
import { checkOrigin } from '../realtime/origin.ts';

const USER_HEADERS = ['x-vm-user', 'x-forwarded-user'] as const;

/**
 * The user whom a trusted proxy names in `X-VM-User` or `X-Forwarded-User`; null where there is none, and where anybody else says so.
 *
 * Such a proxy knows a person by what the browser sends by itself, a cookie say, and so also when a page of somebody else's has it
 * send the request: those are refused, by `Origin` and `Sec-Fetch-Site`. And a page in a browser on the proxy's own machine may call us
 * from a trusted address, with any header, by a name that it has lead here (DNS rebinding): from this machine's own addresses
 * the `Host` has to be this machine, or that of an allowed origin.
 *
 * Throws `permission_denied` request.foreign_origin / request.foreign_host, `unauthenticated` auth.user_refused if the headers disagree: one
 * of them is not the proxy's.
 */
export function proxiedUserOf(request: FastifyRequest, allowedOrigins: readonly string[]): string | null {
  if (!request.origin.isProxied) return null;
  const said = USER_HEADERS.flatMap((name) => request.headers[name] ?? []);
  const [name] = said;
  if (name === undefined) return null;
  if (said.some((other) => other !== name)) throw refusedUser();
  requireNoForeignPage(request, allowedOrigins);
  return name;
}

/**
 * Where something else than a key says who asks. Throws `permission_denied` request.foreign_origin / request.foreign_host for what a
 * browser sends because a page of somebody else's has told it to.
 */
export function requireNoForeignPage(request: FastifyRequest, allowedOrigins: readonly string[]): void {
  requireOwnPage(request, allowedOrigins);
  requireOwnHost(request, allowedOrigins);
}

function requireOwnPage(request: FastifyRequest, allowedOrigins: readonly string[]): void {
  checkOrigin(request, allowedOrigins);
  const isElsewhere = request.headers['sec-fetch-site'] === 'cross-site';
  // A page that is allowed is of another site, and is known by its origin.
  if (!isElsewhere || request.headers.origin !== undefined) return;
  throw new VolaryError('permission_denied', 'Pages of other sites may not have requests sent here.', {
    reason: 'request.foreign_origin',
  });
}

function requireOwnHost({ socket, headers: { host } }: FastifyRequest, allowedOrigins: readonly string[]): void {
  if (!isFromHere(socket) || isOwnHost(host, socket)) return;
  if (allowedOrigins.some((origin) => new URL(origin).host === host)) return;
  throw new VolaryError(
    'permission_denied',
    'A proxy on this machine says who asks, but this is not the name of this server.',
    {
      reason: 'request.foreign_host',
      details: { host: host ?? null },
    },
  );
}
