import { type ClientMessage, EVENT_SOCKET_CLOSE, LIMITS, type ServerMessage } from '@volary/contract';
import { VolaryError } from '../../domain/errors.ts';
import type { Event } from '../../domain/events.ts';
import type { Principal } from '../../domain/principal/principal.ts';
import type { EventApi, EventFeed } from '../../engine/apis/event-api.ts';
import { toProblem } from '../errors-to-status.ts';
import { toApiError } from '../problem-reply.ts';
import type { GuardedSocket } from '../realtime/web-sockets.ts';
import { type MessageChecks, parseMessage } from './event-messages.ts';

/** The subscriptions of one event socket. */
export interface EventSubscriptions {
  /** Does what a message asks for, and answers it. */
  receive(text: string): void;
  /** Refuses what is no message. */
  refuse(error: VolaryError): void;
  /** Sends a feed's events under this id, until it is unsubscribed or the socket is closed. */
  serve(id: string, open: (signal: AbortSignal) => Promise<EventFeed>): Promise<void>;
  /** Tells how far those are to whom nothing was sent for a while. */
  tellProgress(): void;
}

interface Subscription {
  readonly stop: AbortController;
  feed: EventFeed | null;
  /** Of the last event that was sent. */
  sent: number;
  /** What was last told of how far it is. */
  told: number;
}

type Subscriptions = ReadonlyMap<string, Subscription>;

interface SubscriptionDeps {
  readonly socket: GuardedSocket;
  readonly events: EventApi;
  readonly principal: Principal;
  readonly requestId: string;
  /** The event as JSON; made once for all. */
  readonly encode: (event: Event) => string;
}

export function createEventSubscriptions(deps: SubscriptionDeps, checks: MessageChecks): EventSubscriptions {
  const { socket, events, principal } = deps;
  const subscriptions = new Map<string, Subscription>();
  const { tell, refuse, closeAsTooSlow } = createVoice(deps, subscriptions);
  socket.closed.addEventListener('abort', () => {
    for (const { stop } of subscriptions.values()) stop.abort(socket.closed.reason);
  });

  async function send(id: string, subscription: Subscription, feed: EventFeed): Promise<void> {
    const head = `{"type":"event","id":${JSON.stringify(id)},"event":`;
    for await (const page of feed) {
      for (const event of page) socket.send(`${head}${deps.encode(event)}}`);
      subscription.sent = page.at(-1)?.sequence ?? subscription.sent;
      await socket.taken(feed.tooSlow);
    }
  }

  async function serve(id: string, open: (signal: AbortSignal) => Promise<EventFeed>): Promise<void> {
    const subscription = begin(id, subscriptions);
    const { stop } = subscription;
    try {
      const feed = await open(stop.signal);
      subscription.feed = feed;
      subscription.told = feed.position;
      stop.signal.throwIfAborted();
      tell({ type: 'subscribed', id, last_sequence: feed.position });
      await send(id, subscription, feed);
    } catch (error) {
      if (stop.signal.aborted) return;
      if (isTooSlow(error)) return closeAsTooSlow();
      subscriptions.delete(id);
      refuse(error, id);
    }
  }

  function unsubscribe(id: string): void {
    const subscription = subscriptions.get(id);
    if (subscription === undefined) throw unknown(id);
    subscriptions.delete(id);
    subscription.stop.abort(new DOMException('unsubscribed', 'AbortError'));
    tell({ type: 'unsubscribed', id, last_sequence: reachOf(subscription) });
  }

  function act(message: ClientMessage): void {
    switch (message.type) {
      case 'ping':
        tell({ type: 'pong' });
        return;
      case 'unsubscribe':
        unsubscribe(message.id);
        return;
      case 'subscribe': {
        const { id, after = null, types, vm } = message;
        const filter = { ...(types === undefined ? {} : { types }), ...(vm === undefined ? {} : { vm }) };
        // What belongs to the subscription is told with its id; what is thrown has kept it from beginning.
        serve(id, (signal) => events.follow(principal, { after, ...filter, signal })).catch((error) => refuse(error));
      }
    }
  }

  return {
    receive(text) {
      try {
        act(parseMessage(text, checks));
      } catch (error) {
        refuse(error);
      }
    },
    refuse,
    serve,
    tellProgress() {
      for (const [id, subscription] of subscriptions) {
        if (subscription.feed === null) continue;
        const last_sequence = reachOf(subscription);
        if (last_sequence > Math.max(subscription.told, subscription.sent))
          tell({ type: 'progress', id, last_sequence });
        subscription.told = last_sequence;
      }
    },
  };
}

/** What a socket says besides events. */
interface Voice {
  tell(message: ServerMessage): void;
  refuse(error: unknown, id?: string): void;
  closeAsTooSlow(): void;
}

function createVoice({ socket, requestId }: SubscriptionDeps, subscriptions: Subscriptions): Voice {
  function tell(message: ServerMessage): void {
    socket.send(JSON.stringify(message));
    // Who asks and asks and never reads what is answered.
    if (socket.isOverfull) closeAsTooSlow();
  }

  function closeAsTooSlow(): void {
    const reached = [...subscriptions.values()].flatMap((one) => (one.feed === null ? [] : [reachOf(one)]));
    const after = reached.length === 0 ? '' : `; resume after ${Math.min(...reached)}`;
    socket.close(EVENT_SOCKET_CLOSE.tooSlow, `you read too slowly${after}`);
  }

  return {
    tell,
    refuse(error, id) {
      const problem = toProblem(toApiError(error), requestId);
      tell({ type: 'error', ...(id === undefined ? {} : { id }), problem });
    },
    closeAsTooSlow,
  };
}

function begin(id: string, subscriptions: Map<string, Subscription>): Subscription {
  if (subscriptions.has(id)) throw taken(id);
  if (subscriptions.size >= LIMITS.eventSocket.subscriptions) throw tooMany();
  const subscription: Subscription = { stop: new AbortController(), feed: null, sent: 0, told: 0 };
  subscriptions.set(id, subscription);
  return subscription;
}

/** By the log, which has grown too far, or by the time. */
function isTooSlow(error: unknown): boolean {
  return error instanceof VolaryError && error.reason === 'events.reader_too_slow';
}

/** All up to here has been sent, or was kept back by the filter. */
function reachOf({ feed, sent }: Subscription): number {
  return Math.max(feed?.position ?? 0, sent);
}

function taken(id: string): VolaryError {
  return new VolaryError('already_exists', `There is a subscription ${id} already.`, {
    reason: 'events.subscription_exists',
    details: { id },
  });
}

function unknown(id: string): VolaryError {
  return new VolaryError('not_found', `There is no subscription ${id}.`, {
    reason: 'events.subscription_unknown',
    details: { id },
  });
}

function tooMany(): VolaryError {
  const { subscriptions } = LIMITS.eventSocket;
  return new VolaryError('resource_exhausted', `A socket may have ${subscriptions} subscriptions at most.`, {
    reason: 'events.too_many_subscriptions',
    details: { maximum: subscriptions },
  });
}
