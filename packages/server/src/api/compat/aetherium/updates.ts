import type { FastifyInstance } from 'fastify';
import type { Principal } from '../../../domain/principal/principal.ts';
import type { Engine } from '../../../engine/engine.ts';
import type { FaceContext } from '../../face.ts';
import { mount } from '../../mount.ts';
import type { GuardedSocket } from '../../realtime/web-sockets.ts';
import { createChecker, invalidFields } from '../../validation.ts';
import { toMoment } from '../moments.ts';
import { serveSocket, type Talk } from '../sockets.ts';
import { toFault } from './errors.ts';
import { pump } from './pump.ts';
import { routes } from './routes.ts';
import { toLogEntry } from './translate.ts';
import { eventTypesOf, TOPICS, type Topic, toUpdate } from './update-messages.ts';

const SUBSCRIBE = {
  type: 'object',
  required: ['type'],
  additionalProperties: false,
  properties: {
    type: { enum: ['subscribe'] },
    topics: { type: 'array', minItems: 1, maxItems: TOPICS.length, items: { type: 'string', enum: TOPICS } },
    since: { type: 'integer', minimum: 0 },
  },
};

interface Wanted {
  readonly topics: readonly Topic[];
  /** The sequence after which events are told; null: from now on. */
  readonly since: number | null;
}

/** The socket that tells what happens: lines of the log, tasks, VMs. */
export function mountUpdates(app: FastifyInstance, context: FaceContext): void {
  const check = createChecker(SUBSCRIBE);
  mount(app, routes.openSocket, async (request, reply) => {
    await serveSocket(request, reply, context, {
      faultOf,
      prepare: async (principal, signal) => await prepare(context, principal, { signal, check }),
    });
    return reply;
  });
}

/** From the beginning everything is told; `subscribe` narrows that. */
async function prepare(
  { engine }: FaceContext,
  principal: Principal,
  { signal, check }: { readonly signal: AbortSignal; readonly check: (value: unknown) => void },
): Promise<Talk> {
  let speaking = new AbortController();
  /** That of the subscription that was asked for last; it may not be open yet. */
  let asked = speaking;
  const first = await open(engine, principal, { topics: TOPICS, since: null }, endOf(speaking, signal));
  let socket: GuardedSocket | null = null;

  /** What is told goes on as it was until the new subscription is open, or for good when that is refused. */
  function change(wanted: Wanted): void {
    const mine = new AbortController();
    asked = mine;
    open(engine, principal, wanted, endOf(mine, signal)).then(
      (begin) => {
        if (asked !== mine || socket === null) return mine.abort(replaced());
        speaking.abort(replaced());
        speaking = mine;
        begin(socket);
      },
      (error: unknown) => {
        mine.abort(replaced());
        if (!signal.aborted) socket?.send(faultOf(error));
      },
    );
  }

  return {
    begin(opened) {
      socket = opened;
      first(opened);
    },
    receive(message) {
      if (message['type'] === 'ping') return socket?.send(textOf('pong', {}));
      if (message['type'] !== 'subscribe')
        throw invalidFields([{ field: 'type', message: 'must be one of: subscribe, ping' }]);
      check(message);
      change(wantedOf(message));
    },
  };
}

function replaced(): DOMException {
  return new DOMException('another subscription took its place', 'AbortError');
}

function endOf(one: AbortController, all: AbortSignal): AbortSignal {
  return AbortSignal.any([one.signal, all]);
}

/** Of a message that has been checked. */
function wantedOf({ topics, since }: Readonly<Record<string, unknown>>): Wanted {
  return {
    topics: Array.isArray(topics) ? TOPICS.filter((topic) => topics.includes(topic)) : TOPICS,
    since: typeof since === 'number' ? since : null,
  };
}

/** Everything that may be refused is, before the first of it is told. */
async function open(
  { events, logs }: Engine,
  principal: Principal,
  { topics, since }: Wanted,
  signal: AbortSignal,
): Promise<(socket: GuardedSocket) => void> {
  const types = eventTypesOf(topics);
  const eventFeed = types.length === 0 ? null : await events.follow(principal, { after: since, types, signal });
  const logFeed = topics.includes('logs')
    ? await logs.follow(principal, {}, { after: null, tail: null, signal })
    : null;
  return (socket) => {
    socket.send(textOf('subscribed', { topics: [...topics], since: eventFeed?.position ?? since }));
    if (eventFeed !== null)
      pump(socket, {
        pages: eventFeed,
        tooSlow: eventFeed.tooSlow,
        toText: (event) => {
          const update = toUpdate(event);
          return update === null ? null : JSON.stringify(update);
        },
        signal,
      });
    if (logFeed !== null)
      pump(socket, {
        pages: logFeed,
        tooSlow: null,
        toText: (line) => JSON.stringify({ type: 'log', timestamp: toMoment(line.at), data: toLogEntry(line) }),
        signal,
      });
  };
}

function faultOf(error: unknown): string {
  return textOf('error', { ...toFault(error) });
}

function textOf(type: string, data: object): string {
  return JSON.stringify({ type, timestamp: toMoment(Date.now()), data });
}
