import type { Delivery, Webhook } from '@volary/contract';
import { formatAge } from '../output/format.ts';
import { formatFields, formatTable } from '../output/table.ts';

/** All that is known of a webhook, for people. */
export function formatWebhook(webhook: Webhook): string {
  const because = webhook.disabled_because === 'failing' ? ', because it has failed for too long' : '';
  return formatFields([
    ['id', webhook.id],
    [webhook.target === null ? 'url' : 'to', placeOf(webhook)],
    ['state', webhook.is_enabled ? 'enabled' : `disabled${because}`],
    ['types', webhook.types?.join(', ') ?? 'all'],
    ['vm', webhook.vm_id ?? 'any'],
    ['description', webhook.description === '' ? '-' : webhook.description],
    ['last sequence', String(webhook.last_sequence)],
    ['delivered', webhook.last_delivered_at === null ? '-' : `${formatAge(webhook.last_delivered_at)} ago`],
    ['failures', failuresOf(webhook)],
    ['secrets', String(webhook.secret_count)],
    ['owner', webhook.owner],
    ['created', `${webhook.created_at}, ${formatAge(webhook.created_at)} ago`],
  ]);
}

/** Where it leads: its URL, or its target as `--to` takes it. */
export function placeOf({ url, target }: Pick<Webhook, 'url' | 'target'>): string {
  if (target === null) return url ?? '-';
  const { integration, repository, issue, channel } = target;
  return integration === 'github' ? `github:${repository}#${issue}` : `${integration}:${channel}`;
}

/** Deliveries as a table; `hasWebhook`: with the webhook of each. */
export function formatDeliveries(items: readonly Delivery[], { hasWebhook }: { readonly hasWebhook: boolean }): string {
  return formatTable(
    ['ID', ...(hasWebhook ? ['WEBHOOK'] : []), 'STATE', 'EVENT', 'TYPE', 'TRIES', 'LAST', 'NEXT'],
    items.map((delivery) => [
      delivery.id,
      ...(hasWebhook ? [delivery.webhook_id] : []),
      delivery.state,
      delivery.kind === 'gap' ? `${delivery.first_sequence}-${delivery.sequence}` : String(delivery.sequence),
      delivery.event?.type ?? delivery.kind,
      String(delivery.tries),
      lastTryOf(delivery),
      delivery.next_try_at ?? '-',
    ]),
  );
}

/** What came of a delivery's last try, as names and values. */
export function tryWords(delivery: Delivery): readonly (readonly [string, string])[] {
  const response = delivery.last_try?.response.trim() ?? '';
  return [
    ['state', delivery.state],
    ['answer', lastTryOf(delivery)],
    ['took', delivery.last_try === null ? '-' : `${delivery.last_try.duration_ms} ms`],
    ...(response === '' ? [] : [['response', response] as const]),
  ];
}

function failuresOf({ failure_count, failing_since }: Webhook): string {
  return failing_since === null ? '0' : `${failure_count} in a row, since ${failing_since}`;
}

function lastTryOf({ last_try }: Delivery): string {
  if (last_try === null) return '-';
  // Slack says no with status 200: then its word is what counts.
  if (last_try.error === 'refused') return last_try.response;
  return last_try.status === null ? (last_try.error ?? '-') : String(last_try.status);
}
