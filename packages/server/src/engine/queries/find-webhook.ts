import { VolaryError } from '../../domain/errors.ts';
import type { WebhookId } from '../../domain/ids.ts';
import type { Webhook } from '../../domain/webhook/webhook.ts';
import type { Tables } from '../../ports/store.ts';

/** The webhook with this id. Throws `not_found` webhook.unknown. */
export async function findWebhook(tables: Pick<Tables, 'webhooks'>, id: WebhookId): Promise<Webhook> {
  const webhook = await tables.webhooks.get(id);
  if (webhook !== null) return webhook;
  throw new VolaryError('not_found', `There is no webhook ${id}.`, { reason: 'webhook.unknown' });
}
