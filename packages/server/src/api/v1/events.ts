import { type EventPage, QUERY_SUBSCRIPTION, routes, SSE_TYPE } from '@volary/contract';
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { Event, EventType } from '../../domain/events.ts';
import { mount, type RequestTo } from '../mount.ts';
import { checkHandshake } from '../realtime/accept-socket.ts';
import { lastEventId } from '../realtime/last-event-id.ts';
import { checkOrigin } from '../realtime/origin.ts';
import { sendSse } from '../realtime/sse.ts';
import type { Upgrade } from '../realtime/upgrades.ts';
import { type GuardedSocket, openSocket } from '../realtime/web-sockets.ts';
import { invalidFields } from '../validation.ts';
import type { V1Context } from './context.ts';
import { toEventDto } from './dto/event-dto.ts';
import { createEventEncoding, type EventEncoding } from './event-encoding.ts';
import { createMessageChecks, type MessageChecks } from './event-messages.ts';
import { createEventSubscriptions } from './event-subscriptions.ts';

type EventRequest = RequestTo<typeof routes.listEvents>;

interface Query {
  readonly after: number | null;
  readonly types?: readonly EventType[];
  readonly vm?: string;
}

/** The log of what happened: a page of it, a stream that goes on, or a socket with several of them. */
export function mountEvents(app: FastifyInstance, context: V1Context): void {
  const { events } = context.engine;
  const { eventReaders } = context.occupancy;
  const encoding = createEventEncoding();
  let checks: MessageChecks | undefined;

  mount(app, routes.listEvents, async (request, reply) => {
    const upgrade = context.upgrades.of(request.raw);
    if (upgrade !== null) {
      checks ??= createMessageChecks();
      eventReaders.enter(request.principal, upgrade.socket);
      await serveSocket(request, reply, upgrade, { ...context, encoding, checks });
    } else if ((request.headers.accept ?? '').includes(SSE_TYPE)) {
      eventReaders.enter(request.principal, reply.raw);
      await serveStream(request, reply, { ...context, encoding });
    } else {
      const { limit = 50 } = request.query;
      const { after, ...filter } = queryOf(request);
      return toPage(await events.list(request.principal, { after, limit, ...filter }), limit);
    }
    return reply;
  });
}

function queryOf({ query: { after, type, vm } }: EventRequest): Query {
  return {
    after: after ?? null,
    ...(type === undefined ? {} : { types: type }),
    ...(vm === undefined ? {} : { vm }),
  };
}

function toPage(items: readonly Event[], limit: number): EventPage {
  return {
    items: items.map(toEventDto),
    next_cursor: items.length < limit ? null : String(items.at(-1)?.sequence ?? 0),
  };
}

type StreamContext = V1Context & { readonly encoding: EventEncoding };

async function serveStream(request: EventRequest, reply: FastifyReply, context: StreamContext): Promise<void> {
  const { engine, signals, limits, log, encoding } = context;
  const query = queryOf(request);
  const after = lastEventId(request) ?? query.after;
  const feed = await engine.events.follow(request.principal, { ...query, after, signal: signals.of(reply) });
  const { heartbeatMs, slowReaderMs, goodbyeMs } = limits;
  const { tooSlow } = feed;
  const position = () => feed.position;
  const source = { pages: feed, encode: encoding.toFrames, position, tooSlow, slowReaderMs, goodbyeMs };
  await sendSse(reply, source, { heartbeatMs, log });
}

type SocketContext = StreamContext & { readonly checks: MessageChecks };

async function serveSocket(
  request: EventRequest,
  reply: FastifyReply,
  upgrade: Upgrade,
  { engine: { events }, limits, signals, log, encoding, checks, allowedOrigins }: SocketContext,
): Promise<void> {
  checkOrigin(request, allowedOrigins);
  checkHandshake(upgrade);
  const { principal, id: requestId } = request;
  const query = { ...queryOf(request), after: lastEventId(request) ?? queryOf(request).after };
  const stop = new AbortController();
  // What cannot be fulfilled is answered in HTTP, as long as that can be.
  const first = isAsking(query) ? await events.follow(principal, { ...query, signal: stop.signal }) : null;
  reply.hijack();
  const answer = (socket: GuardedSocket) => {
    const subscriptions = createEventSubscriptions(
      { socket, events, principal, requestId, encode: encoding.toJson },
      checks,
    );
    if (first !== null) {
      const serving = subscriptions.serve(QUERY_SUBSCRIPTION, async (signal) => {
        signal.addEventListener('abort', () => stop.abort(signal.reason), { once: true });
        return first;
      });
      serving.catch((error) => subscriptions.refuse(error));
    }
    return {
      message: subscriptions.receive,
      bytes: () => subscriptions.refuse(invalidFields([{ field: '', message: 'must be a text' }])),
      beat: subscriptions.tellProgress,
    };
  };
  await openSocket(upgrade, { limits, signals, log, headers: reply.getHeaders() }, answer);
}

function isAsking({ after, types, vm }: Query): boolean {
  return after !== null || types !== undefined || vm !== undefined;
}
