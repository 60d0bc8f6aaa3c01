import { VolaryError } from '../../domain/errors.ts';
import type { WebhookId } from '../../domain/ids.ts';
import type { Webhook } from '../../domain/webhook/webhook.ts';
import type { Tables } from '../../ports/store.ts';
import { type Asker, requireVisible } from '../access/require-visible.ts';

/** The webhook with this id. Throws `not_found` webhook.unknown, `permission_denied` access.denied. */
export async function findWebhook(tables: Pick<Tables, 'webhooks'>, asker: Asker, id: WebhookId): Promise<Webhook> {
  return requireVisible(asker, await tables.webhooks.get(id), 'webhook:read', () => unknownWebhook(id));
}

/** `not_found` webhook.unknown. */
export function unknownWebhook(id: WebhookId): VolaryError {
  return new VolaryError('not_found', `There is no webhook ${id}.`, { reason: 'webhook.unknown' });
}
