import type { FastifyInstance } from 'fastify';
import type { Principal } from '../../../domain/principal/principal.ts';
import type { FaceContext } from '../../face.ts';
import { mount } from '../../mount.ts';
import type { GuardedSocket } from '../../realtime/web-sockets.ts';
import { createChecker, invalidFields } from '../../validation.ts';
import { createEventFrames, type EventFrames } from '../event-frames.ts';
import { serveSocket, type Talk, type Visit } from '../sockets.ts';
import { toFault } from './errors.ts';
import { createReaderPlaces } from './reader-places.ts';
import { routes } from './routes.ts';
import { openSubscription, type Subscription, type Wanted } from './subscription.ts';
import { TOPICS, textOf, toUpdate } from './update-messages.ts';

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

/** The same for all sockets. */
interface Shared {
  readonly check: (value: unknown) => void;
  readonly frameOf: EventFrames;
}

/** The socket that tells what happens: lines of the log, tasks, VMs, integrations. */
export function mountUpdates(app: FastifyInstance, context: FaceContext): void {
  const check = createChecker(SUBSCRIBE);
  const frameOf = createEventFrames((event) => {
    const update = toUpdate(event);
    return update === null ? null : JSON.stringify(update);
  });
  mount(app, routes.openSocket, async (request, reply) => {
    await serveSocket(request, reply, context, {
      faultOf,
      prepare: async (principal, visit) => await prepare(context, principal, visit, { check, frameOf }),
    });
    return reply;
  });
}

/** From the beginning everything is told; `subscribe` narrows that. */
async function prepare(
  { engine, occupancy }: FaceContext,
  principal: Principal,
  { signal, connection }: Visit,
  { check, frameOf }: Shared,
): Promise<Talk> {
  const places = createReaderPlaces(occupancy, principal, connection);
  const open = async (wanted: Wanted, before: Subscription | null): Promise<Subscription> => {
    const { topics } = wanted;
    const needed = { eventReaders: topics.some((topic) => topic !== 'logs'), logReaders: topics.includes('logs') };
    return await places.hold(needed, () => openSubscription({ engine, principal, frameOf, signal }, wanted, before));
  };
  let current = await open({ topics: TOPICS, since: null }, null);
  let socket: GuardedSocket | null = null;

  return {
    begin(opened) {
      socket = opened;
      current.begin(opened);
    },
    async receive(message) {
      if (message['type'] === 'ping') return socket?.send(textOf('pong', {}));
      if (message['type'] !== 'subscribe')
        throw invalidFields([{ field: 'type', message: 'must be one of: subscribe, ping' }]);
      check(message);
      // What is told goes on as it was until the new subscription is open, or for good when that is refused.
      const next = await open(wantedOf(message), current);
      if (signal.aborted || socket === null) return;
      next.begin(socket);
      current = next;
    },
  };
}

/** Of a message that has been checked. */
function wantedOf({ topics, since }: Readonly<Record<string, unknown>>): Wanted {
  return {
    topics: Array.isArray(topics) ? TOPICS.filter((topic) => topics.includes(topic)) : TOPICS,
    since: typeof since === 'number' ? since : null,
  };
}

function faultOf(error: unknown): string {
  return textOf('error', { ...toFault(error) });
}
