import { type Static, Type } from 'typebox';
import { Problem } from './errors.ts';
import { EVENT_TYPES, Event, EventType, EXAMPLE_EVENT } from './events.ts';
import { EXAMPLE_IDS, VmRef } from './ids.ts';
import { component, stringEnum } from './schema.ts';

/** The WebSocket protocol of `GET /v1/events`. A client that offers any protocol has to offer this one. */
export const EVENT_SOCKET_PROTOCOL = 'volary.v1';
/**
 * For clients that can set no header, such as browsers: a further protocol that is offered, this followed by the key as
 * `encodeURIComponent` writes it. The server never answers with it.
 */
export const BEARER_PROTOCOL_PREFIX = 'bearer.';
/** The `id` of the subscription that the address itself asks for. */
export const QUERY_SUBSCRIPTION = 'query';

/** Why the server closes an event socket; the reason that comes with it says more. */
export const EVENT_SOCKET_CLOSE = {
  /** The server stops: come back. */
  stopping: 1001,
  /** The client sends too much. */
  flood: 1008,
  /** A message is too long. */
  tooLong: 1009,
  /** The client takes events more slowly than they happen; the reason names the sequence to resume after. */
  tooSlow: 4008,
} as const;

const SubscriptionId = Type.String({
  minLength: 1,
  maxLength: 64,
  description: 'Of the subscription, chosen by the client; whatever belongs to it carries it.',
});
const LastSequence = Type.Integer({
  minimum: 0,
  description: 'All up to here has been told or was kept back by the filter: resume after it.',
});

const subscribed = { type: 'subscribed', id: 'all', last_sequence: 11 };
const subscribe = { type: 'subscribe', id: 'all', after: 11, types: ['vm.started', 'vm.failed'], vm: 'first' };
const problem = {
  type: '/docs/errors#not_found',
  title: 'Not found',
  status: 410,
  code: 'not_found',
  reason: 'events.trimmed',
  detail: 'Events up to 11 have been dropped; start again after 11.',
  retryable: false,
  request_id: EXAMPLE_IDS.request,
  details: { first_sequence: 12 },
};

export const SubscribeMessage = component(
  'EventSubscribe',
  {
    type: stringEnum(['subscribe']),
    id: SubscriptionId,
    after: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: Number.MAX_SAFE_INTEGER,
        description: 'Only events with a sequence above this. Without it: those to come.',
      }),
    ),
    types: Type.Optional(
      Type.Array(EventType, { minItems: 1, maxItems: EVENT_TYPES.length, description: 'Only these types.' }),
    ),
    vm: Type.Optional(VmRef),
  },
  { description: 'Asks for events. Answered with `subscribed`, or `error`.', examples: [subscribe] },
);

export const UnsubscribeMessage = component(
  'EventUnsubscribe',
  { type: stringEnum(['unsubscribe']), id: SubscriptionId },
  {
    description: 'Ends a subscription. Answered with `unsubscribed`, after which nothing of it comes.',
    examples: [{ type: 'unsubscribe', id: 'all' }],
  },
);

export const PingMessage = component(
  'EventPing',
  { type: stringEnum(['ping']) },
  { description: 'Answered with `pong`.', examples: [{ type: 'ping' }] },
);

/** What a client may send, by its `type`. */
export const CLIENT_MESSAGES = {
  subscribe: SubscribeMessage,
  unsubscribe: UnsubscribeMessage,
  ping: PingMessage,
} as const;
export type ClientMessage =
  | Static<typeof SubscribeMessage>
  | Static<typeof UnsubscribeMessage>
  | Static<typeof PingMessage>;

/** What the server sends, by its `type`. */
export const SERVER_MESSAGES = {
  subscribed: component(
    'EventSubscribed',
    { type: stringEnum(['subscribed']), id: SubscriptionId, last_sequence: LastSequence },
    { description: 'From here on, everything after `last_sequence` comes.', examples: [subscribed] },
  ),
  event: component(
    'EventMessage',
    { type: stringEnum(['event']), id: SubscriptionId, event: Event },
    { description: 'An event.', examples: [{ type: 'event', id: 'all', event: EXAMPLE_EVENT }] },
  ),
  progress: component(
    'EventProgress',
    { type: stringEnum(['progress']), id: SubscriptionId, last_sequence: LastSequence },
    {
      description: 'From time to time, when nothing came: how far the subscription is.',
      examples: [{ ...subscribed, type: 'progress' }],
    },
  ),
  unsubscribed: component(
    'EventUnsubscribed',
    { type: stringEnum(['unsubscribed']), id: SubscriptionId, last_sequence: LastSequence },
    { description: 'The subscription has ended.', examples: [{ ...subscribed, type: 'unsubscribed' }] },
  ),
  pong: component('EventPong', { type: stringEnum(['pong']) }, { description: 'Alive.', examples: [{ type: 'pong' }] }),
  error: component(
    'EventError',
    { type: stringEnum(['error']), id: Type.Optional(SubscriptionId), problem: Problem },
    {
      description: 'A message was refused; or, with an `id` that was subscribed, this subscription has ended.',
      examples: [{ type: 'error', id: 'all', problem }],
    },
  ),
} as const;
export type ServerMessage = {
  [Kind in keyof typeof SERVER_MESSAGES]: Static<(typeof SERVER_MESSAGES)[Kind]>;
}[keyof typeof SERVER_MESSAGES];
