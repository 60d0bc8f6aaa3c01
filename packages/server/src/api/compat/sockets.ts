import type { Duplex } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type ErrorCode, VolaryError } from '../../domain/errors.ts';
import { NOBODY, type Principal } from '../../domain/principal/principal.ts';
import { dictionary } from '../../lib/shape.ts';
import { callerOf } from '../caller.ts';
import type { FaceContext } from '../face.ts';
import { toApiError } from '../problem-reply.ts';
import { checkHandshake } from '../realtime/accept-socket.ts';
import { checkOrigin } from '../realtime/origin.ts';
import { type GuardedSocket, openSocket } from '../realtime/web-sockets.ts';
import { invalidFields } from '../validation.ts';
import { credentialsIn } from './socket-credentials.ts';

/** How long a socket may be nobody's. */
const AUTHENTICATION_MS = 10_000;

/** Why a dialect's socket is closed by the server, besides what all sockets are closed for. */
export const SOCKET_CLOSE = {
  unauthenticated: 4401,
  forbidden: 4403,
  failed: 1011,
  tryLater: 1013,
  tooSlow: 4008,
} as const;

const WHY_CLOSED: Partial<Record<ErrorCode, keyof typeof SOCKET_CLOSE>> = {
  unauthenticated: 'unauthenticated',
  permission_denied: 'forbidden',
  resource_exhausted: 'tryLater',
};

/** What is said on a socket once it is known who asks. */
export interface Talk {
  /** Called once, when the socket is open. */
  begin(socket: GuardedSocket): void;
  /** A message, which is a JSON object; the next one waits until this is done. Rejects with what is to be told as an error. */
  receive(message: Readonly<Record<string, unknown>>): Promise<void>;
}

/** Where somebody speaks. */
export interface Visit {
  /** Aborted when the socket is closed. */
  readonly signal: AbortSignal;
  /** Below the socket. */
  readonly connection: Duplex;
}

interface SocketRules {
  /** Everything that may be refused: in HTTP, if it is known by then who asks. */
  readonly prepare: (principal: Principal, visit: Visit) => Promise<Talk>;
  /** An error as a message. */
  readonly faultOf: (error: unknown) => string;
}

/**
 * Opens a WebSocket of a dialect. One that is nobody's has to send `{"type": "authenticate", "token" or "api_key": …}` before anything else, and soon, else
 * it is closed with 4401. Throws `invalid_argument` request.invalid for what is no handshake, and what `prepare` throws.
 */
export async function serveSocket(
  request: FastifyRequest,
  reply: FastifyReply,
  context: FaceContext,
  rules: SocketRules,
): Promise<void> {
  const { upgrades, allowedOrigins, limits, signals, log } = context;
  const upgrade = upgrades.of(request.raw);
  if (upgrade === null)
    throw invalidFields([{ field: 'Upgrade', message: 'must be websocket', allowed: ['websocket'] }]);
  checkOrigin(request, allowedOrigins);
  checkHandshake(upgrade, { protocol: null });
  const stop = new AbortController();
  // Also where the other side is gone before there is a socket.
  upgrade.socket.once('close', () => stop.abort(new DOMException('the socket is closed', 'AbortError')));
  const visit: Visit = { signal: stop.signal, connection: upgrade.socket };
  const known = request.principal === NOBODY ? null : await rules.prepare(request.principal, visit);
  reply.hijack();
  await openSocket(upgrade, { limits, signals, log, headers: reply.getHeaders() }, (socket) => {
    const speaker = createSpeaker(socket, { request, context, rules, visit, known });
    socket.closed.addEventListener('abort', () => stop.abort(socket.closed.reason), { once: true });
    known?.begin(socket);
    return { message: speaker.message, bytes: speaker.bytes, beat: () => undefined };
  });
}

interface SpeakerDeps {
  readonly request: FastifyRequest;
  readonly context: FaceContext;
  readonly rules: SocketRules;
  readonly visit: Visit;
  readonly known: Talk | null;
}

function createSpeaker(socket: GuardedSocket, { request, context, rules, visit, known }: SpeakerDeps) {
  const { signal, connection } = visit;
  let talk = known;
  /** Messages are done one after the other: what follows on `authenticate` waits for it. */
  let last: Promise<void> = Promise.resolve();
  const patience = known === null ? setTimeout(tooLate, AUTHENTICATION_MS) : undefined;
  socket.closed.addEventListener('abort', () => clearTimeout(patience), { once: true });

  function tooLate(): void {
    socket.close(SOCKET_CLOSE.unauthenticated, 'authenticate within 10 seconds');
  }

  function refuse(error: unknown): void {
    socket.send(rules.faultOf(error));
    if (socket.isOverfull) socket.close(SOCKET_CLOSE.tooSlow, 'you read too slowly');
  }

  async function welcome(message: Readonly<Record<string, unknown>>): Promise<void> {
    const presented = message['type'] === 'authenticate' ? credentialsIn(message) : null;
    if (presented === null) return socket.close(SOCKET_CLOSE.unauthenticated, 'authenticate first');
    clearTimeout(patience);
    try {
      const principal = await context.engine.authenticate(presented, request.origin);
      if (signal.aborted) return;
      const unwatch = context.engine.watchPrincipal(principal, () => request.raw.socket.destroy());
      signal.addEventListener('abort', unwatch, { once: true });
      context.occupancy.streams.handOver(connection, callerOf(principal, null));
      talk = await rules.prepare(principal, visit);
      if (!signal.aborted) talk.begin(socket);
    } catch (error) {
      if (signal.aborted) return;
      const { code, message: why } = toApiError(error);
      refuse(error);
      socket.close(SOCKET_CLOSE[WHY_CLOSED[code] ?? 'failed'], why.slice(0, 100));
    }
  }

  async function receive(text: string): Promise<void> {
    try {
      const message = parse(text);
      if (talk === null) await welcome(message);
      else await talk.receive(message);
    } catch (error) {
      refuse(error);
    }
  }

  return {
    message(text: string): void {
      last = last.then(() => (socket.closed.aborted ? undefined : receive(text)));
    },
    bytes: () => refuse(invalidFields([{ field: '', message: 'must be a text' }])),
  };
}

function parse(text: string): Readonly<Record<string, unknown>> {
  let message: unknown;
  try {
    message = JSON.parse(text);
  } catch (cause) {
    throw new VolaryError('invalid_argument', 'The message is not JSON.', { reason: 'request.malformed_json', cause });
  }
  if (dictionary(message)) return message;
  throw invalidFields([{ field: '', message: 'must be a JSON object' }]);
}
