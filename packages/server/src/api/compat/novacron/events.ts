import type { Duplex } from 'node:stream';
import { EVENT_SOCKET_CLOSE } from '@volary/contract';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { toVolaryError, VolaryError } from '../../../domain/errors.ts';
import type { Principal } from '../../../domain/principal/principal.ts';
import type { Credentials } from '../../../engine/identity/credentials.ts';
import { credentialsOf } from '../../auth/credentials.ts';
import { callerOf } from '../../caller.ts';
import type { FaceContext } from '../../face.ts';
import { mount } from '../../mount.ts';
import { toApiError } from '../../problem-reply.ts';
import { checkHandshake } from '../../realtime/accept-socket.ts';
import { checkOrigin } from '../../realtime/origin.ts';
import { type GuardedSocket, openSocket, type SocketHandlers } from '../../realtime/web-sockets.ts';
import { invalidFields } from '../../validation.ts';
import type { EventFrames } from '../event-frames.ts';
import { toMoment } from '../moments.ts';
import { faultOf } from './errors.ts';
import { STATUS_EVENTS } from './event-messages.ts';
import type { VersionRoutes } from './routes.ts';

/** Why a socket is closed, besides what closes all of them. */
const CLOSE = { unauthenticated: 4401, forbidden: 4403, failed: 1011, tryLater: 1013 } as const;

/** Events of VMs as they happen, for whoever says in the first message who asks. */
export function mountEvents(
  app: FastifyInstance,
  routes: VersionRoutes,
  context: FaceContext & { readonly frameOf: EventFrames },
): void {
  const { frameOf } = context;

  mount(app, routes.followEvents, async (request, reply) => {
    const { upgrades, allowedOrigins, engine, limits, signals, log } = context;
    const upgrade = upgrades.of(request.raw);
    if (upgrade === null) throw invalidFields([{ field: '', message: 'must open a WebSocket' }]);
    checkOrigin(request, allowedOrigins);
    checkHandshake(upgrade, { protocol: null });
    const presented = presentedBy(request);
    // What is wrong with that is answered in HTTP, as long as that can be.
    const known = presented === null ? null : await engine.authenticate(presented, request.origin);
    reply.hijack();
    await openSocket(upgrade, { limits, signals, log, headers: reply.getHeaders() }, (socket) => {
      const visitor = createVisitor(context, request, { socket, connection: upgrade.socket, frameOf });
      if (known !== null) visitor.letIn(known);
      return visitor.handlers;
    });
    return reply;
  });
}

function presentedBy({ headers, query }: FastifyRequest<{ Querystring: { token?: string; api_key?: string } }>) {
  const { token, api_key: apiKey } = query;
  const byHeaders = credentialsOf(headers, true);
  if (byHeaders !== null) return byHeaders;
  if (apiKey !== undefined) return { kind: 'key', value: apiKey } satisfies Credentials;
  return token === undefined ? null : bearer(token);
}

function bearer(text: string): Credentials {
  return { kind: 'bearer', value: text.replace(/^bearer +/i, '').trim() };
}

interface Visitor {
  readonly handlers: SocketHandlers;
  letIn(principal: Principal): void;
}

interface Speaker {
  readonly socket: GuardedSocket;
  /** Below it. */
  readonly connection: Duplex;
  readonly frameOf: EventFrames;
}

/** One socket: nobody at first, then whoever was let in. */
function createVisitor(
  { engine, limits, occupancy }: FaceContext,
  request: FastifyRequest,
  { socket, connection, frameOf }: Speaker,
): Visitor {
  let isExpected = true;
  const patience = setTimeout(
    () => socket.close(CLOSE.unauthenticated, `authenticate within ${limits.authenticateMs / 1_000} s`),
    limits.authenticateMs,
  );
  socket.closed.addEventListener('abort', () => clearTimeout(patience));

  function tell(type: string, data: Readonly<Record<string, unknown>>): void {
    socket.send(JSON.stringify({ type, timestamp: toMoment(Date.now()), data }));
    if (socket.isOverfull) socket.close(EVENT_SOCKET_CLOSE.tooSlow, 'you read too slowly');
  }

  async function follow(principal: Principal, after: number | null): Promise<void> {
    occupancy.streams.handOver(connection, callerOf(principal, null));
    occupancy.eventReaders.enter(principal, connection);
    const feed = await engine.events.follow(principal, { after, types: STATUS_EVENTS, signal: socket.closed });
    tell('authenticated', { user: principal.name, sequence: feed.position });
    for await (const page of feed) {
      for (const event of page) {
        const frame = frameOf(event);
        if (frame !== null) socket.send(frame);
      }
      await socket.taken(feed.tooSlow);
    }
  }

  function letIn(principal: Principal, after: number | null = null): void {
    isExpected = false;
    clearTimeout(patience);
    const unwatch = engine.watchPrincipal(principal, () =>
      socket.close(CLOSE.unauthenticated, 'Invalid or expired token'),
    );
    socket.closed.addEventListener('abort', unwatch);
    follow(principal, after).catch((error: unknown) => end(socket, error));
  }

  async function authenticate(message: { readonly token: string; readonly since: number | null }): Promise<void> {
    const principal = await engine.authenticate(bearer(message.token), request.origin);
    if (!socket.closed.aborted) letIn(principal, message.since);
  }

  return {
    letIn,
    handlers: {
      message(text) {
        const message = parse(text);
        if (message.kind === 'ping') tell('pong', {});
        else if (message.kind === 'authenticate' && isExpected) {
          isExpected = false;
          authenticate(message).catch((error: unknown) => end(socket, error));
        } else if (isExpected) socket.close(CLOSE.unauthenticated, 'authenticate first');
        else tell('error', faultOf(invalidFields([{ field: 'type', message: 'must be ping' }])));
      },
      bytes: () => socket.close(CLOSE.unauthenticated, 'authenticate first, by a text'),
      beat: () => undefined,
    },
  };
}

function end(socket: GuardedSocket, thrown: unknown): void {
  if (socket.closed.aborted) return;
  const { code, reason } = thrown instanceof VolaryError ? thrown : toApiError(toVolaryError(thrown));
  if (code === 'unauthenticated') socket.close(CLOSE.unauthenticated, 'Invalid or expired token');
  else if (code === 'permission_denied') socket.close(CLOSE.forbidden, 'Insufficient permissions for operation');
  else if (reason === 'events.reader_too_slow') socket.close(EVENT_SOCKET_CLOSE.tooSlow, 'you read too slowly');
  else if (code === 'resource_exhausted') socket.close(CLOSE.tryLater, reason);
  else socket.close(CLOSE.failed, reason);
}

type Message =
  | { readonly kind: 'authenticate'; readonly token: string; readonly since: number | null }
  | { readonly kind: 'ping' | 'unknown' };

function parse(text: string): Message {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { kind: 'unknown' };
  }
  if (typeof value !== 'object' || value === null || !('type' in value)) return { kind: 'unknown' };
  if (value.type === 'ping') return { kind: 'ping' };
  if (value.type !== 'authenticate' || !('token' in value) || typeof value.token !== 'string')
    return { kind: 'unknown' };
  const since = 'since' in value && Number.isSafeInteger(value.since) ? Number(value.since) : null;
  return { kind: 'authenticate', token: value.token, since };
}
