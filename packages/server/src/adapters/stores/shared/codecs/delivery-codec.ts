import { EVENT_TYPES, type Event } from '../../../../domain/events.ts';
import {
  DELIVERY_KINDS,
  DELIVERY_STATES,
  type Delivery,
  TRY_ERRORS,
  type Try,
} from '../../../../domain/webhook/delivery.ts';
import type { WebhookDeliveryRow } from '../rows/webhook-row.ts';
import { readRow } from './damaged-row.ts';
import * as read from './read-value.ts';

/** A delivery as a row. */
export function encodeDelivery(delivery: Delivery): WebhookDeliveryRow {
  return {
    id: delivery.id,
    webhook_id: delivery.webhookId,
    kind: delivery.kind,
    state: delivery.state,
    first_sequence: delivery.firstSequence,
    sequence: delivery.sequence,
    event: delivery.event === null ? null : JSON.stringify(plainEvent(delivery.event)),
    tries: delivery.tries,
    first_tried_at: delivery.firstTriedAt,
    next_try_at: delivery.nextTryAt,
    last_try: delivery.lastTry === null ? null : JSON.stringify(plainTry(delivery.lastTry)),
    created_at: delivery.createdAt,
    completed_at: delivery.completedAt,
  };
}

/** The delivery in a row. Throws `data_loss` store.damaged. */
export function decodeDelivery(row: WebhookDeliveryRow): Delivery {
  return readRow({ what: 'webhook delivery', id: row.id }, () => ({
    id: read.id('dlv')(row.id, 'id'),
    webhookId: read.id('hook')(row.webhook_id, 'webhook_id'),
    kind: kind(row.kind, 'kind'),
    state: state(row.state, 'state'),
    firstSequence: read.count(row.first_sequence, 'first_sequence'),
    sequence: read.count(row.sequence, 'sequence'),
    event: event(row.event, 'event'),
    tries: read.count(row.tries, 'tries'),
    firstTriedAt: moment(row.first_tried_at, 'first_tried_at'),
    nextTryAt: moment(row.next_try_at, 'next_try_at'),
    lastTry: lastTry(row.last_try, 'last_try'),
    createdAt: read.number(row.created_at, 'created_at'),
    completedAt: moment(row.completed_at, 'completed_at'),
  }));
}

function plainEvent({ sequence, type, at, subject, vmId, operationId, owner, data }: Event): Event {
  return { sequence, type, at, subject, vmId, operationId, owner, data };
}

function plainTry({ at, status, error, response, durationMs }: Try): Try {
  return { at, status, error, response, durationMs };
}

const moment = read.nullable(read.number);
const kind = read.oneOf(DELIVERY_KINDS);
const state = read.oneOf(DELIVERY_STATES);
const type = read.oneOf(EVENT_TYPES);
const tryError = read.nullable(read.oneOf(TRY_ERRORS));
const optionalText = read.nullable(read.text);
const optionalCount = read.nullable(read.count);

const event: read.Reader<Event | null> = (value, field) => {
  if (value === null) return null;
  const { data, ...fields } = read.jsonObject(value, field);
  return {
    sequence: read.count(fields['sequence'], `${field}.sequence`),
    type: type(fields['type'], `${field}.type`),
    at: read.number(fields['at'], `${field}.at`),
    subject: read.text(fields['subject'], `${field}.subject`),
    vmId: optionalText(fields['vmId'], `${field}.vmId`),
    operationId: optionalText(fields['operationId'], `${field}.operationId`),
    // Not told by those from before there were owners.
    owner: optionalText(fields['owner'] ?? null, `${field}.owner`),
    data: read.plainObject(data ?? null, `${field}.data`),
  };
};

const lastTry = read.nullable(
  read.json((value, field) => {
    const fields = read.object(value, field);
    return {
      at: read.number(fields['at'], `${field}.at`),
      status: optionalCount(fields['status'], `${field}.status`),
      error: tryError(fields['error'], `${field}.error`),
      response: read.text(fields['response'], `${field}.response`),
      durationMs: read.number(fields['durationMs'], `${field}.durationMs`),
    };
  }),
);
