import type { Mutation } from '../../domain/audit/actions.ts';
import type { EventType, NewEvent } from '../../domain/events.ts';
import type { JsonObject } from '../../domain/json.ts';
import type { EpochMs } from '../../domain/time.ts';
import type { Webhook } from '../../domain/webhook/webhook.ts';
import { auditTarget, type Done } from '../audit/record-audit.ts';

/** Something that was done to a webhook, for the audit. Never with its URL either. */
export function doneToWebhook(
  action: Extract<Mutation, `webhook.${string}`>,
  { id }: Pick<Webhook, 'id'>,
  details: JsonObject = {},
): Done {
  return { action, target: auditTarget('webhook', { id }), details };
}

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
