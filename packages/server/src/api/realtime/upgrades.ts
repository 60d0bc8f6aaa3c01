/**
 * Handshakes of WebSockets as requests like all others: they come to their route with a response, by way of the same hooks,
 * so a key is asked for, parameters are checked and refusals are answered as everywhere. What makes one different is
 * that its route may take the connection.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import { ServerResponse as Response } from '../../lib/node-http.ts';

/** A connection that its client wants to go on with by another protocol. */
export interface Upgrade {
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  /** What came after the request already. */
  readonly head: Buffer;
  /** Takes the connection from HTTP; from now on it is the caller's to close. */
  take(): void;
}

export interface Upgrades {
  /** Whether this is a handshake for a route that has WebSockets; any other wish to upgrade is ignored, as HTTP allows. */
  isWanted(request: IncomingMessage): boolean;
  /** Lets the server's handshakes come to its routes. */
  listen(app: FastifyInstance): void;
  /** The connection, if the request is a handshake. */
  of(request: IncomingMessage): Upgrade | null;
}

/** `hasSockets` tells whether a route at the path of this URL has WebSockets. */
export function createUpgrades(hasSockets: (url: string) => boolean): Upgrades {
  const waiting = new WeakMap<IncomingMessage, Upgrade>();
  return {
    isWanted: ({ method, url = '', headers }) =>
      method === 'GET' && headers.upgrade?.toLowerCase() === 'websocket' && hasSockets(url),
    listen(app) {
      app.server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
        const response = answerOn(request, socket);
        waiting.set(request, { request, socket, head, take: () => response.detachSocket(toNetSocket(request)) });
        app.routing(request, response);
      });
    },
    of: (request) => waiting.get(request) ?? null,
  };
}

/** The response to a request that Node has let go of: it ends the connection when it is sent. */
function answerOn(request: IncomingMessage, socket: Duplex): ServerResponse {
  // A connection that breaks now is told by its `close`; without a listener it would end the program.
  socket.on('error', () => socket.destroy());
  const response = new Response(request);
  response.shouldKeepAlive = false;
  response.assignSocket(toNetSocket(request));
  response.once('finish', () => request.socket.destroySoon());
  return response;
}

/** The same connection, as what the types of responses ask for. */
function toNetSocket(request: IncomingMessage): IncomingMessage['socket'] {
  return request.socket;
}
