import type { EventType, NewEvent } from '../../domain/events.ts';
import type { JsonObject } from '../../domain/json.ts';
import type { EpochMs } from '../../domain/time.ts';
import type { Webhook } from '../../domain/webhook/webhook.ts';

/** An event about a webhook. Never with its URL, which may hold a secret. */
export function webhookEvent(
  type: Extract<EventType, `webhook.${string}`>,
  webhook: Webhook,
  at: EpochMs,
  data: JsonObject = {},
): NewEvent {
  return {
    type,
    at,
    subject: webhook.id,
    vmId: null,
    owner: webhook.owner,
    operationId: null,
    data: { description: webhook.description, is_enabled: webhook.isEnabled, ...data },
  };
}
