import { isIP } from 'node:net';
import type { FastifyRequest } from 'fastify';
import { VolaryError } from '../../domain/errors.ts';

/**
 * Refuses pages of other origins: a browser lets any page open a WebSocket anywhere, and tells only whose it is. A page of this
 * server's own address is let in, where that is an IP address or `localhost`: a name could have been pointed here by
 * whoever owns it. Names are let in where they are `allowed`, as whole origins. What is no browser sends no `Origin`.
 * Throws `permission_denied` request.foreign_origin.
 */
export function checkOrigin({ headers }: FastifyRequest, allowed: readonly string[]): void {
  const { origin, host } = headers;
  if (origin === undefined || allowed.includes(origin)) return;
  if (URL.canParse(origin)) {
    const { host: originHost, hostname } = new URL(origin);
    const isAddress = hostname === 'localhost' || isIP(hostname.replace(/^\[|\]$/g, '')) !== 0;
    if (isAddress && originHost === host) return;
  }
  throw new VolaryError('permission_denied', 'Pages of this origin may not connect here.', {
    reason: 'request.foreign_origin',
    details: { origin },
  });
}
