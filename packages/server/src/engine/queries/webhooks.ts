import { reachOf } from '../../domain/principal/principal.ts';
import { authorise } from '../access/authorise.ts';
import { maySeeEvents } from '../access/may-see-events.ts';
import { ofOwner } from '../access/of-owner.ts';
import type { WebhookApi } from '../apis/webhook-api.ts';
import type { EngineDeps } from '../deps.ts';
import type { Page } from '../requests.ts';
import { findWebhook } from './find-webhook.ts';
import { selectedPage } from './selected-page.ts';

export function createWebhookQueries({
  store,
}: Pick<EngineDeps, 'store'>): Pick<WebhookApi, 'get' | 'list' | 'deliveries' | 'allDeliveries'> {
  return {
    async get(principal, id) {
      return await findWebhook(store, { principal, permission: 'webhook:read' }, id);
    },
    async list(principal, asked) {
      authorise(principal, 'webhook:read');
      const reach = ofOwner(reachOf(principal, 'webhook:read'));
      return await selectedPage(asked, (page) => store.webhooks.list({ ...page, ...reach }));
    },
    async deliveries(principal, webhookId, { limit, after, state }) {
      authorise(principal, 'webhook:read');
      // They hold events.
      authorise(principal, 'event:read');
      maySeeEvents(principal, await findWebhook(store, { principal, permission: 'webhook:read' }, webhookId));
      const wanted = { limit: limit + 1, after, webhookId, ...(state === undefined ? {} : { state }) };
      return toPage(await store.deliveries.list(wanted), limit);
    },
    async allDeliveries(principal, { limit, after, state }) {
      authorise(principal, 'webhook:read');
      authorise(principal, 'event:read');
      const eventsOf = reachOf(principal, 'event:read');
      const reach = { ...ofOwner(reachOf(principal, 'webhook:read')), ...(eventsOf === null ? {} : { eventsOf }) };
      const wanted = { limit: limit + 1, after, ...reach, ...(state === undefined ? {} : { state }) };
      return toPage(await store.deliveries.list(wanted), limit);
    },
  };
}

function toPage<T extends { readonly id: unknown }>(rows: readonly T[], limit: number): Page<T, T['id']> {
  const items = rows.slice(0, limit);
  return { items, next: rows.length > limit ? (items.at(-1)?.id ?? null) : null };
}
