import type { Delivery as DeliveryDto, Webhook as WebhookDto, WebhookWithSecret } from '@volary/contract';
import type { Delivery, Try } from '../../../domain/webhook/delivery.ts';
import { secretsAt, type Webhook } from '../../../domain/webhook/webhook.ts';
import type { ChangedWebhook } from '../../../engine/apis/webhook-api.ts';
import { toEventDto } from './event-dto.ts';
import { toIso, toIsoOrNull } from './to-iso.ts';

/** A webhook as `/v1` shows it: never its secrets. */
export function toWebhookDto(webhook: Webhook): WebhookDto {
  return {
    id: webhook.id,
    url: webhook.url,
    target: webhook.target,
    types: webhook.types === null ? null : [...webhook.types],
    vm_id: webhook.vmId,
    events_of: webhook.eventsOf,
    description: webhook.description,
    labels: webhook.labels,
    is_enabled: webhook.isEnabled,
    disabled_because: webhook.disabledBecause,
    last_sequence: webhook.cursor,
    failure_count: webhook.failures?.count ?? 0,
    failing_since: toIsoOrNull(webhook.failures?.since ?? null),
    last_delivered_at: toIsoOrNull(webhook.lastDeliveredAt),
    secret_count: secretsAt(webhook, Date.now()).length,
    owner: webhook.owner,
    created_at: toIso(webhook.createdAt),
    updated_at: toIso(webhook.updatedAt),
  };
}

/** The same with a secret that has just been made up: the one time that it is shown. */
export function toChangedWebhookDto({ webhook, madeSecret }: ChangedWebhook): WebhookWithSecret {
  return { ...toWebhookDto(webhook), secret: madeSecret };
}

export function toDeliveryDto(delivery: Delivery): DeliveryDto {
  return {
    id: delivery.id,
    webhook_id: delivery.webhookId,
    kind: delivery.kind,
    state: delivery.state,
    sequence: delivery.sequence,
    first_sequence: delivery.firstSequence,
    event: delivery.event === null ? null : toEventDto(delivery.event),
    tries: delivery.tries,
    last_try: delivery.lastTry === null ? null : toTryDto(delivery.lastTry),
    next_try_at: toIsoOrNull(delivery.nextTryAt),
    created_at: toIso(delivery.createdAt),
    completed_at: toIsoOrNull(delivery.completedAt),
  };
}

function toTryDto({ at, status, error, response, durationMs }: Try): NonNullable<DeliveryDto['last_try']> {
  return { at: toIso(at), status, error, response, duration_ms: durationMs };
}
