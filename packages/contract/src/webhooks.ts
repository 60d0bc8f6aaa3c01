import { type Static, Type } from 'typebox';
import { EVENT_TYPES, Event, EventType, EXAMPLE_EVENT } from './events.ts';
import { DeliveryId, EXAMPLE_IDS, VmRef, WebhookId } from './ids.ts';
import { Labels, NewLabels } from './labels.ts';
import { LIMITS } from './limits.ts';
import { NotificationTarget } from './notification-targets.ts';
import {
  component,
  enumComponent,
  nullable,
  nullableInteger,
  nullableString,
  nullableTimestamp,
  pageOf,
  stringEnum,
  timestamp,
} from './schema.ts';

export const DELIVERY_STATES = ['waiting', 'delivered', 'dead', 'lost'] as const;
export const DELIVERY_KINDS = ['event', 'replay', 'test', 'gap'] as const;
export const TRY_ERRORS = [
  'status',
  'refused',
  'redirected',
  'timeout',
  'connection_failed',
  'unresolved',
  'target_refused',
  'invalid_response',
  'not_connected',
  'secret_unreadable',
] as const;

const Url = Type.String({
  pattern: '^https?://[^\\s\\u0000]+$',
  maxLength: LIMITS.webhooks.urlLength,
  description: 'Where to send events: http or https, without user name and password.',
  examples: ['https://hooks.example.com/volary'],
});
const Types = nullable(
  Type.Array(EventType, { minItems: 1, maxItems: EVENT_TYPES.length, description: 'Only events of these types.' }),
);
const Secret = Type.String({
  pattern: '^[!-~]{16,256}$',
  description: 'What signs the requests: 16 to 256 printable ASCII characters without spaces. Never shown again.',
  examples: ['whsec_of-your-own-choice'],
});
const Description = Type.String({
  maxLength: LIMITS.webhooks.descriptionLength,
  pattern: '^[^\\u0000]*$',
  description: 'For people.',
  examples: ['Deploys'],
});
const IsEnabled = Type.Boolean({
  description: 'False: nothing is sent but tests; what happens meanwhile is sent later.',
});

export const CreateWebhookRequest = component(
  'CreateWebhookRequest',
  {
    labels: Type.Optional(Labels),
    url: Type.Optional(Url),
    target: Type.Optional(NotificationTarget),
    types: Type.Optional(Types),
    vm: Type.Optional(nullable(VmRef)),
    secret: Type.Optional(Secret),
    description: Type.Optional(Description),
    is_enabled: Type.Optional(IsEnabled),
  },
  {
    description:
      'A webhook: where events are sent, and which. Absent: all of them, and a secret that is made up. It has either a `url`, or a `target` where an integration tells people of them.',
    examples: [{ url: 'https://hooks.example.com/volary', types: ['vm.started', 'vm.failed'] }],
  },
);
export type CreateWebhookRequest = Static<typeof CreateWebhookRequest>;

export const UpdateWebhookRequest = component(
  'UpdateWebhookRequest',
  {
    labels: Type.Optional(NewLabels),
    url: Type.Optional(Url),
    target: Type.Optional(NotificationTarget),
    types: Type.Optional(Types),
    vm: Type.Optional(nullable(VmRef)),
    secret: Type.Optional(Secret),
    rotate_secret: Type.Optional(
      Type.Boolean({ description: 'Make up a new secret, and tell it. The old one signs beside it for 24 hours.' }),
    ),
    description: Type.Optional(Description),
    is_enabled: Type.Optional(IsEnabled),
  },
  { description: 'What is absent stays as it is.', examples: [{ rotate_secret: true }] },
);
export type UpdateWebhookRequest = Static<typeof UpdateWebhookRequest>;

const EXAMPLE_WEBHOOK = {
  id: EXAMPLE_IDS.webhook,
  url: 'https://hooks.example.com/volary',
  target: null,
  types: ['vm.started', 'vm.failed'],
  vm_id: null,
  events_of: null,
  description: '',
  is_enabled: true,
  disabled_because: null,
  last_sequence: 12,
  failure_count: 0,
  failing_since: null,
  last_delivered_at: '2026-01-31T12:00:03.200Z',
  secret_count: 1,
  labels: {},
  owner: 'admin',
  created_at: '2026-01-31T11:00:00.000Z',
  updated_at: '2026-01-31T11:00:00.000Z',
} as const;

const webhookFields = {
  id: WebhookId,
  url: nullableString({ description: 'Where events are sent; null where there is a target.' }),
  target: nullable(NotificationTarget),
  types: nullable(Type.Array(EventType, { description: 'Of these types.' })),
  vm_id: nullableString({ description: 'Only events about this VM; null: about anything.' }),
  events_of: nullableString({
    description: 'Only events about what this user owns, since its maker may see no others; null: about anything.',
  }),
  description: Type.String({ description: 'For people.' }),
  labels: Labels,
  is_enabled: Type.Boolean({ description: 'Whether events are sent.' }),
  disabled_because: Type.Unsafe<'failing' | null>({
    type: ['string', 'null'],
    enum: ['failing', null],
    description:
      '`failing`: it has failed for three days, and was disabled by itself. Null when it is enabled, or somebody disabled it.',
  }),
  last_sequence: Type.Integer({
    minimum: 0,
    description: 'Each event up to this one was delivered, was not asked for, or stands among the deliveries.',
  }),
  failure_count: Type.Integer({ minimum: 0, description: 'Tries that failed in a row.' }),
  failing_since: nullableTimestamp('When the first of them failed.'),
  last_delivered_at: nullableTimestamp('When an event was delivered last.'),
  secret_count: Type.Integer({
    minimum: 0,
    description: 'How many secrets sign: more than one for a day after a change; none where there is a target.',
  }),
  owner: Type.String({ description: 'Who made it.' }),
  created_at: timestamp('When it was made.'),
  updated_at: timestamp('When its settings were changed last.'),
};

export const Webhook = component('Webhook', webhookFields, {
  description:
    'A receiver of events in the order of the log: each as a signed HTTP request, or as a message of an integration.',
  examples: [EXAMPLE_WEBHOOK],
});
export type Webhook = Static<typeof Webhook>;

export const WebhookPage = pageOf('WebhookPage', Webhook, EXAMPLE_WEBHOOK);
export type WebhookPage = Static<typeof WebhookPage>;

export const WebhookWithSecret = component(
  'WebhookWithSecret',
  {
    ...webhookFields,
    secret: nullableString({ description: 'If it has just been made up; else null. Shown this once.' }),
  },
  {
    description: 'A webhook that was made or changed.',
    examples: [{ ...EXAMPLE_WEBHOOK, secret: 'whsec_Jq0x3m4tFJX0lGZr2b0XH3v5cJm2yq7m8Cq9yJkM1bE' }],
  },
);
export type WebhookWithSecret = Static<typeof WebhookWithSecret>;

export const DeliveryState = enumComponent(
  'DeliveryState',
  DELIVERY_STATES,
  '`waiting` for its next try, `delivered`, `dead` (its tries are used up; it can be replayed), `lost` (the log had dropped the events of a gap).',
);
export type DeliveryState = Static<typeof DeliveryState>;

export const DeliveryTry = component(
  'DeliveryTry',
  {
    at: timestamp('When the request was sent.'),
    status: nullableInteger({ description: 'Of the answer; null when there was none.' }),
    error: Type.Unsafe<(typeof TRY_ERRORS)[number] | null>({
      type: ['string', 'null'],
      enum: [...TRY_ERRORS, null],
      description:
        'Why it does not count as delivered; null when it does. `refused`: Slack’s answer says so, with its word in `response`. `not_connected`: nothing was sent, since the server has no token for the integration. `secret_unreadable`: nothing was sent, since the server has no key to open what it signs with.',
    }),
    response: Type.String({ description: "The first 4 KiB of the answer's body, what cannot be printed replaced." }),
    duration_ms: Type.Integer({ minimum: 0, description: 'How long it took.' }),
  },
  {
    description: 'What came of one request.',
    examples: [{ at: '2026-01-31T12:00:03.100Z', status: 500, error: 'status', response: 'Oops', duration_ms: 12 }],
  },
);

const EXAMPLE_DELIVERY = {
  id: EXAMPLE_IDS.delivery,
  webhook_id: EXAMPLE_IDS.webhook,
  kind: 'event',
  state: 'waiting',
  sequence: 12,
  first_sequence: 12,
  event: EXAMPLE_EVENT,
  tries: 1,
  last_try: { at: '2026-01-31T12:00:03.100Z', status: 500, error: 'status', response: 'Oops', duration_ms: 12 },
  next_try_at: '2026-01-31T12:00:09.000Z',
  created_at: '2026-01-31T12:00:03.100Z',
  completed_at: null,
} as const;

export const Delivery = component(
  'Delivery',
  {
    id: DeliveryId,
    webhook_id: WebhookId,
    kind: stringEnum(DELIVERY_KINDS, {
      description:
        '`event`: in its turn; `replay`: asked for again; `test`; `gap`: events that the log had dropped before their turn.',
    }),
    state: DeliveryState,
    sequence: Type.Integer({ minimum: 0, description: 'Of the event; of a gap the last one that is missing.' }),
    first_sequence: Type.Integer({ minimum: 0, description: 'The same; of a gap the first one that is missing.' }),
    event: nullable(Event),
    tries: Type.Integer({ minimum: 0, description: 'How often it was sent.' }),
    last_try: nullable(DeliveryTry),
    next_try_at: nullableTimestamp('When it is sent again; null unless it waits.'),
    created_at: timestamp('When it was first tried or asked for.'),
    completed_at: nullableTimestamp('When it was delivered or given up.'),
  },
  { description: 'An event on its way to a webhook that did not arrive at once.', examples: [EXAMPLE_DELIVERY] },
);
export type Delivery = Static<typeof Delivery>;

export const DeliveryPage = pageOf('DeliveryPage', Delivery, EXAMPLE_DELIVERY);
export type DeliveryPage = Static<typeof DeliveryPage>;

export const ReplayWebhookRequest = component(
  'ReplayWebhookRequest',
  {
    after: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: Number.MAX_SAFE_INTEGER,
        description: 'Send all from the event after this one on, in order.',
      }),
    ),
    sequences: Type.Optional(
      Type.Array(Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER, description: 'Of an event.' }), {
        minItems: 1,
        maxItems: LIMITS.webhooks.replayed,
        description: 'Send these events, whether or not they were asked for.',
      }),
    ),
    delivery: Type.Optional(DeliveryId),
  },
  { description: 'What to send again: exactly one of these.', examples: [{ after: 12 }] },
);
export type ReplayWebhookRequest = Static<typeof ReplayWebhookRequest>;
