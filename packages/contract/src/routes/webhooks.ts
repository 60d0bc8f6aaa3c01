import { Type } from 'typebox';
import { LabelSelector, Limit, WebhookParams } from '../parameters.ts';
import { etagOf, json, jsonBody, LOCATION, route } from '../route.ts';
import { object } from '../schema.ts';
import { EmptyRequest } from '../vms.ts';
import {
  CreateWebhookRequest,
  Delivery,
  DeliveryPage,
  DeliveryState,
  ReplayWebhookRequest,
  UpdateWebhookRequest,
  Webhook,
  WebhookPage,
  WebhookWithSecret,
} from '../webhooks.ts';

const { ETAG, IF_MATCH } = etagOf(
  'Of its settings: it changes with them, not with what is delivered.',
  '"hook_01kahx6z4qf8r9y6m3s2t1v0wq.1763733045123"',
);
const REFUSED = ['webhook.invalid_url', 'webhook.target_refused'] as const;
const REFUSED_OF_TARGETS = ['webhook.unsigned', 'webhook.echo'] as const;

const DELIVERY_QUERY = object(
  {
    limit: Type.Optional(Limit),
    cursor: Type.Optional(
      Type.String({ pattern: '^dlv_[0-9a-z]{26}$', description: 'The `next_cursor` of the page before.' }),
    ),
    state: Type.Optional(DeliveryState),
  },
  { description: 'What to list.' },
);

export const createWebhook = route({
  method: 'POST',
  path: '/v1/webhooks',
  operationId: 'createWebhook',
  tag: 'webhooks',
  summary: 'Create a webhook',
  description:
    'Begins with the events after this one. Needs `event:read` as well, and for a target `integration:send`. Of events that came in from integrations no target is told.',
  permission: 'webhook:create',
  action: 'webhook.create',
  body: jsonBody(CreateWebhookRequest, { isRequired: true }),
  responses: {
    201: {
      description:
        'Made. The only answer that tells a secret that was made up: no other one does, besides a repetition of the same request with the same `Idempotency-Key`, until the secret is changed.',
      content: [json(WebhookWithSecret)],
      headers: [ETAG, LOCATION],
    },
  },
  keyed: 'untold',
  errors: {
    400: [...REFUSED, ...REFUSED_OF_TARGETS],
    404: ['vm.unknown', 'webhook.unknown'],
    409: ['integration.not_connected'],
    429: ['webhook.too_many'],
  },
});

export const listWebhooks = route({
  method: 'GET',
  path: '/v1/webhooks',
  operationId: 'listWebhooks',
  tag: 'webhooks',
  summary: 'List webhooks, in the order they were made',
  permission: 'webhook:read',
  query: object(
    {
      limit: Type.Optional(Limit),
      cursor: Type.Optional(
        Type.String({ pattern: '^hook_[0-9a-z]{26}$', description: 'The `next_cursor` of the page before.' }),
      ),
      selector: Type.Optional(LabelSelector),
    },
    { description: 'Which page.' },
  ),
  responses: { 200: { description: 'A page.', content: [json(WebhookPage)] } },
  errors: { 400: ['selector.invalid'] },
});

export const getWebhook = route({
  method: 'GET',
  path: '/v1/webhooks/{id}',
  operationId: 'getWebhook',
  tag: 'webhooks',
  summary: 'Get a webhook',
  permission: 'webhook:read',
  params: WebhookParams,
  responses: { 200: { description: 'The webhook, without its secret.', content: [json(Webhook)], headers: [ETAG] } },
  errors: { 404: ['webhook.unknown'] },
});

export const updateWebhook = route({
  method: 'PATCH',
  path: '/v1/webhooks/{id}',
  operationId: 'updateWebhook',
  tag: 'webhooks',
  summary: 'Change a webhook, or its secret',
  description:
    'One that is enabled again goes on where it was. After a change of the secret, requests are signed by both for 24 hours. Needs `event:read` as well.',
  permission: 'webhook:update',
  action: 'webhook.update',
  params: WebhookParams,
  headers: [IF_MATCH],
  body: jsonBody(UpdateWebhookRequest, { isRequired: true }),
  responses: { 200: { description: 'The webhook as it now is.', content: [json(WebhookWithSecret)], headers: [ETAG] } },
  errors: {
    400: [...REFUSED, ...REFUSED_OF_TARGETS, 'webhook.other_kind'],
    404: ['webhook.unknown', 'vm.unknown'],
    409: ['integration.not_connected'],
    412: ['webhook.changed'],
  },
});

export const deleteWebhook = route({
  method: 'DELETE',
  path: '/v1/webhooks/{id}',
  operationId: 'deleteWebhook',
  tag: 'webhooks',
  summary: 'Remove a webhook with its deliveries',
  permission: 'webhook:delete',
  action: 'webhook.delete',
  params: WebhookParams,
  headers: [IF_MATCH],
  responses: { 204: { description: 'Removed.', content: [] } },
  errors: { 404: ['webhook.unknown'], 412: ['webhook.changed'] },
});

export const testWebhook = route({
  method: 'POST',
  path: '/v1/webhooks/{id}/test',
  operationId: 'testWebhook',
  tag: 'webhooks',
  summary: 'Send a webhook an event of type `webhook.test`, once',
  description:
    'Also when it is disabled. Answers with what came of it, within about 25 seconds. Needs `event:read` as well, and for a target `integration:send`.',
  permission: 'webhook:update',
  action: 'webhook.test',
  params: WebhookParams,
  body: jsonBody(EmptyRequest, { isRequired: false }),
  responses: { 200: { description: 'What came of it, whatever that is.', content: [json(Delivery)] } },
  keyed: 'stored',
  errors: { 404: ['webhook.unknown', 'webhook.unknown_delivery'], 429: ['webhook.too_many_waiting'] },
});

export const listWebhookDeliveries = route({
  method: 'GET',
  path: '/v1/webhooks/{id}/deliveries',
  operationId: 'listWebhookDeliveries',
  tag: 'webhooks',
  summary: 'List what did not arrive at once, newest first',
  description:
    '`state=dead` is the dead-letter list. Events that arrived at the first try are not listed: `last_sequence` of the webhook tells of them. Needs `event:read` as well.',
  permission: 'webhook:read',
  params: WebhookParams,
  query: DELIVERY_QUERY,
  responses: { 200: { description: 'A page.', content: [json(DeliveryPage)] } },
  errors: { 404: ['webhook.unknown'] },
});

export const listDeliveries = route({
  method: 'GET',
  path: '/v1/webhook-deliveries',
  operationId: 'listDeliveries',
  tag: 'webhooks',
  summary: 'List what did not arrive at once of all webhooks, newest first',
  description:
    '`state=dead` is the dead-letter list: what was given up, to be sent again by `POST /v1/webhooks/{id}/replay`. Needs `event:read` as well; who may read only what is their own sees the deliveries of their own webhooks.',
  permission: 'webhook:read',
  query: DELIVERY_QUERY,
  responses: { 200: { description: 'A page.', content: [json(DeliveryPage)] } },
  errors: {},
});

export const replayWebhook = route({
  method: 'POST',
  path: '/v1/webhooks/{id}/replay',
  operationId: 'replayWebhook',
  tag: 'webhooks',
  summary: 'Send events again',
  description:
    'All after a sequence in order, single ones, or a delivery (a dead one, say). Answers when it is written down; sending goes on by itself. Needs `event:read` as well, and for a target `integration:send`. Of events that came in from integrations no target is told.',
  permission: 'webhook:update',
  action: 'webhook.replay',
  params: WebhookParams,
  body: jsonBody(ReplayWebhookRequest, { isRequired: true }),
  responses: { 200: { description: 'The webhook as it now is.', content: [json(Webhook)] } },
  keyed: 'stored',
  errors: {
    400: ['webhook.replay_ahead', 'webhook.echo'],
    404: ['webhook.unknown', 'webhook.unknown_delivery', 'events.unknown'],
    409: ['webhook.nothing_to_send'],
    410: ['events.trimmed'],
    429: ['webhook.too_many_waiting'],
  },
});
