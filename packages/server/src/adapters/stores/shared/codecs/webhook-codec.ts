import { EVENT_TYPES } from '../../../../domain/events.ts';
import { INTEGRATION_NAMES, type NotificationTarget } from '../../../../domain/integrations.ts';
import type { SigningSecret, Webhook } from '../../../../domain/webhook/webhook.ts';
import type { WebhookRow } from '../rows/webhook-row.ts';
import { readRow } from './damaged-row.ts';
import * as read from './read-value.ts';

/** A webhook as a row. */
export function encodeWebhook(webhook: Webhook): WebhookRow {
  return {
    id: webhook.id,
    url: webhook.url ?? '',
    target: webhook.target === null ? null : JSON.stringify(webhook.target),
    types: webhook.types === null ? null : JSON.stringify(webhook.types),
    vm_id: webhook.vmId,
    events_of: webhook.eventsOf,
    description: webhook.description,
    secrets: JSON.stringify(webhook.secrets.map(encodeSecret)),
    is_enabled: webhook.isEnabled ? 1 : 0,
    disabled_because: webhook.disabledBecause,
    cursor: webhook.cursor,
    failure_count: webhook.failures?.count ?? 0,
    failing_since: webhook.failures?.since ?? null,
    last_delivered_at: webhook.lastDeliveredAt,
    owner: webhook.owner,
    labels: JSON.stringify(webhook.labels),
    created_at: webhook.createdAt,
    updated_at: webhook.updatedAt,
    revision: webhook.revision,
  };
}

/** The webhook in a row. Throws `data_loss` store.damaged. */
export function decodeWebhook(row: WebhookRow): Webhook {
  return readRow({ what: 'webhook', id: row.id }, () => ({
    id: read.id('hook')(row.id, 'id'),
    url: row.target === null ? read.text(row.url, 'url') : null,
    target: target(row.target, 'target'),
    types: types(row.types, 'types'),
    vmId: read.nullable(read.id('vm'))(row.vm_id, 'vm_id'),
    eventsOf: read.nullable(read.text)(row.events_of, 'events_of'),
    description: read.text(row.description, 'description'),
    secrets: secrets(row.secrets, 'secrets'),
    isEnabled: read.flag(row.is_enabled, 'is_enabled'),
    disabledBecause: disabledBecause(row.disabled_because, 'disabled_because'),
    cursor: read.count(row.cursor, 'cursor'),
    failures: failures(row),
    lastDeliveredAt: moment(row.last_delivered_at, 'last_delivered_at'),
    owner: read.text(row.owner, 'owner'),
    labels: readLabels(row.labels, 'labels'),
    createdAt: read.number(row.created_at, 'created_at'),
    updatedAt: read.number(row.updated_at, 'updated_at'),
    revision: read.count(row.revision, 'revision'),
  }));
}

const moment = read.nullable(read.number);
const types = read.nullable(read.json(read.list(read.oneOf(EVENT_TYPES))));
const integration = read.oneOf(INTEGRATION_NAMES);
const target = read.nullable(
  read.json((value, field): NotificationTarget => {
    const fields = read.object(value, field);
    const name = integration(fields['integration'], `${field}.integration`);
    if (name !== 'github') return { integration: name, channel: read.text(fields['channel'], `${field}.channel`) };
    const repository = read.text(fields['repository'], `${field}.repository`);
    return { integration: name, repository, issue: read.count(fields['issue'], `${field}.issue`) };
  }),
);
const disabledBecause = read.nullable(read.oneOf(['failing']));

/** `value` is what was stored of them before they were sealed. */
function encodeSecret({ stored, isSealed, expiresAt }: SigningSecret): object {
  return isSealed ? { sealed: stored, expiresAt } : { value: stored, expiresAt };
}

const secrets = read.json(
  read.list((value, field): SigningSecret => {
    const fields = read.object(value, field);
    const isSealed = fields['value'] === undefined;
    const name = isSealed ? 'sealed' : 'value';
    return {
      stored: read.text(fields[name], `${field}.${name}`),
      isSealed,
      expiresAt: moment(fields['expiresAt'], `${field}.expiresAt`),
    };
  }),
);

function failures({ failure_count, failing_since }: WebhookRow): Webhook['failures'] {
  const count = read.count(failure_count, 'failure_count');
  return count === 0 ? null : { count, since: read.number(failing_since, 'failing_since') };
}

const readLabels = read.json(read.record(read.text));
