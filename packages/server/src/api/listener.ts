import type { RequestListener, Server, ServerOptions } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { createServer } from '../lib/node-http.ts';
import { type BoundConnections, boundConnections } from './bound-connections.ts';
import type { ApiLimits } from './limits.ts';
import type { Upgrades } from './realtime/upgrades.ts';

/** A certificate with its key, PEM, and the oldest protocol that is spoken with it. */
export interface ApiTls {
  readonly cert: string;
  readonly key: string;
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3';
}

/** How often it is looked whether a request has been on its way for too long. */
const LOOK_MS = 5_000;

/**
 * What listens: plain, or by TLS. Headers have to arrive in time, from the moment on at which the connection is there, also
 * when nothing is sent at all; bodies have limits of their own, since a file may take hours (body-time.ts, request-bytes.ts).
 */
export function createListener(
  handler: RequestListener,
  options: BoundConnections & { readonly tls: ApiTls | null; readonly limits: ApiLimits; readonly upgrades: Upgrades },
): Server {
  const { tls, limits, upgrades } = options;
  const http: ServerOptions = {
    shouldUpgradeCallback: upgrades.isWanted,
    maxHeaderSize: limits.headerBytes,
    headersTimeout: limits.headerMs,
    requestTimeout: 0,
    keepAliveTimeout: limits.keepAliveMs,
    connectionsCheckingInterval: Math.min(LOOK_MS, limits.headerMs),
  };
  const server =
    tls === null
      ? createServer(http, handler)
      : createTlsServer({ ...http, ...tls, handshakeTimeout: limits.headerMs }, handler);
  boundConnections(server, options);
  return server;
}
