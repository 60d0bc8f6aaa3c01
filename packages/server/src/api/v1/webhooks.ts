import {
  type ReplayWebhookRequest,
  routes,
  type NotificationTarget as TargetDto,
  type UpdateWebhookRequest,
} from '@volary/contract';
import type { FastifyInstance } from 'fastify';
import type { NotificationTarget } from '../../domain/integrations.ts';
import type { Replay, WebhookChange } from '../../engine/apis/webhook-api.ts';
import { onceOf } from '../idempotency.ts';
import { mount } from '../mount.ts';
import { invalidFields } from '../validation.ts';
import type { V1Context } from './context.ts';
import { toChangedWebhookDto, toDeliveryDto, toWebhookDto } from './dto/webhook-dto.ts';
import { etagOfSettings, unchangedOf } from './etags.ts';
import { cursorParam, idParam, selected } from './parse-param.ts';
import { toTarget } from './parse-target.ts';

/** Webhooks: create, list, get, update, delete. */
export function mountWebhooks(app: FastifyInstance, { engine: { webhooks }, signals }: V1Context): void {
  mount(app, routes.createWebhook, async (request, reply) => {
    const {
      url,
      target,
      types = null,
      vm = null,
      secret = null,
      description = '',
      labels = {},
      is_enabled: isEnabled = true,
    } = request.body;
    const asked = { ...placeOf(url, target), types, vm, secret, description, labels, isEnabled };
    const options = { signal: signals.of(reply), ...onceOf(request) };
    const made = await webhooks.create(request.principal, asked, options);
    reply.header('location', `/v1/webhooks/${made.webhook.id}`).header('etag', etagOfSettings(made.webhook));
    return await reply.code(201).send(toChangedWebhookDto(made));
  });

  mount(app, routes.listWebhooks, async (request) => {
    const { limit = 50, cursor, selector } = request.query;
    const asked = { limit, after: cursorParam('hook', cursor), ...selected(selector) };
    const page = await webhooks.list(request.principal, asked);
    return { items: page.items.map(toWebhookDto), next_cursor: page.next };
  });

  mount(app, routes.getWebhook, async (request, reply) => {
    const webhook = await webhooks.get(request.principal, idParam('hook', 'id', request.params.id));
    reply.header('etag', etagOfSettings(webhook));
    return toWebhookDto(webhook);
  });

  mount(app, routes.updateWebhook, async (request, reply) => {
    const id = idParam('hook', 'id', request.params.id);
    const change = toChange(request.body);
    const options = { signal: signals.of(reply), ...unchangedOf(request) };
    const changed = await webhooks.update(request.principal, id, change, options);
    reply.header('etag', etagOfSettings(changed.webhook));
    return toChangedWebhookDto(changed);
  });

  mount(app, routes.deleteWebhook, async (request, reply) => {
    await webhooks.delete(request.principal, idParam('hook', 'id', request.params.id), unchangedOf(request));
    return await reply.code(204).send();
  });
}

/** What was sent to them, and sending it again. */
export function mountWebhookDeliveries(app: FastifyInstance, { engine: { webhooks }, signals }: V1Context): void {
  mount(app, routes.testWebhook, async (request, reply) => {
    const id = idParam('hook', 'id', request.params.id);
    const options = { signal: signals.of(reply), ...onceOf(request) };
    return toDeliveryDto(await webhooks.test(request.principal, id, options));
  });

  mount(app, routes.listWebhookDeliveries, async (request) => {
    const { limit = 50, cursor, state } = request.query;
    const page = await webhooks.deliveries(request.principal, idParam('hook', 'id', request.params.id), {
      limit,
      after: cursorParam('dlv', cursor),
      ...(state === undefined ? {} : { state }),
    });
    return { items: page.items.map(toDeliveryDto), next_cursor: page.next };
  });

  mount(app, routes.listDeliveries, async (request) => {
    const { limit = 50, cursor, state } = request.query;
    const asked = { limit, after: cursorParam('dlv', cursor), ...(state === undefined ? {} : { state }) };
    const page = await webhooks.allDeliveries(request.principal, asked);
    return { items: page.items.map(toDeliveryDto), next_cursor: page.next };
  });

  mount(app, routes.replayWebhook, async (request) => {
    const id = idParam('hook', 'id', request.params.id);
    return toWebhookDto(await webhooks.replay(request.principal, id, toReplay(request.body), onceOf(request)));
  });
}

/** Where it leads: one of the two. */
function placeOf(
  url: string | undefined,
  target: TargetDto | undefined,
): { readonly url: string | null; readonly target?: NotificationTarget } {
  if (url !== undefined && target === undefined) return { url };
  if (url === undefined && target !== undefined) return { url: null, target: toTarget(target) };
  throw invalidFields([{ field: '', message: 'must have exactly one of url and target' }]);
}

function toChange({ rotate_secret, is_enabled, target, ...same }: UpdateWebhookRequest): WebhookChange {
  return {
    ...same,
    ...(target === undefined ? {} : { target: toTarget(target) }),
    ...(rotate_secret === undefined ? {} : { rotateSecret: rotate_secret }),
    ...(is_enabled === undefined ? {} : { isEnabled: is_enabled }),
  };
}

function toReplay({ after, sequences, delivery }: ReplayWebhookRequest): Replay {
  const asked: readonly Replay[] = [
    ...(after === undefined ? [] : [{ kind: 'after', sequence: after } as const]),
    ...(sequences === undefined ? [] : [{ kind: 'sequences', sequences } as const]),
    ...(delivery === undefined ? [] : [{ kind: 'delivery', id: idParam('dlv', 'delivery', delivery) } as const]),
  ];
  const [only, ...more] = asked;
  if (only !== undefined && more.length === 0) return only;
  throw invalidFields([{ field: '', message: 'must have exactly one of after, sequences and delivery' }]);
}
