import type { WebhookId } from '../../domain/ids.ts';
import type { Principal } from '../../domain/principal/principal.ts';
import { authorise } from '../access/authorise.ts';
import { recordAudit } from '../audit/record-audit.ts';
import { findWebhook } from '../queries/find-webhook.ts';
import type { Unchanged } from '../requests.ts';
import type { WebhookDeps } from './create-webhook.ts';
import { requireUnchangedWebhook } from './require-unchanged.ts';
import { doneToWebhook, webhookEvent } from './webhook-events.ts';

/** Removes a webhook with its deliveries. A request that is under way may still arrive. */
export async function deleteWebhook(
  deps: WebhookDeps,
  principal: Principal,
  id: WebhookId,
  unchanged: Unchanged = {},
): Promise<void> {
  authorise(principal, 'webhook:delete');
  await deps.store.transaction(async (tables) => {
    const webhook = await findWebhook(tables, { principal, permission: 'webhook:delete' }, id);
    requireUnchangedWebhook(webhook, unchanged);
    await tables.webhooks.delete(id);
    await recordAudit(tables, deps.clock, principal, doneToWebhook('webhook.delete', webhook));
    await tables.events.append([webhookEvent('webhook.deleted', webhook, deps.clock.now())]);
  });
  deps.bus.publish('events', '');
  deps.bus.publish('webhook', id);
}
