import type { FastifyReply, FastifyRequest } from 'fastify';
import { isLocalHostHeader } from './host-header.ts';

/** A year, as browsers ask for. */
const HSTS = 'max-age=31536000';

/**
 * What browsers are told of each answer, unless it says otherwise: that it is data and no page, and nothing to keep. By TLS also that
 * this name is to be asked by TLS alone; not of `localhost`, whose other ports are other programs.
 */
export function tellSecureHeaders({ headers }: FastifyRequest, reply: FastifyReply, isTls: boolean): void {
  reply.header('x-content-type-options', 'nosniff');
  reply.header('referrer-policy', 'no-referrer');
  reply.header('content-security-policy', "default-src 'none'; frame-ancestors 'none'");
  reply.header('cache-control', 'no-store');
  if (isTls && !isLocalHostHeader(headers.host)) reply.header('strict-transport-security', HSTS);
}
