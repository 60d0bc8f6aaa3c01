import { VolaryError } from '../../domain/errors.ts';
import type { Event } from '../../domain/events.ts';
import type { DeliveryId, WebhookId } from '../../domain/ids.ts';
import type { Principal } from '../../domain/principal/principal.ts';
import { newDelivery, startAgain } from '../../domain/webhook/delivery.ts';
import type { Webhook } from '../../domain/webhook/webhook.ts';
import type { Tables } from '../../ports/store.ts';
import { authorise } from '../access/authorise.ts';
import { maySeeEvents } from '../access/may-see-events.ts';
import { ofOwner } from '../access/of-owner.ts';
import type { Replay } from '../apis/webhook-api.ts';
import { recordAudit } from '../audit/record-audit.ts';
import { bindKey } from '../idempotency/claims.ts';
import { recallWebhook } from '../idempotency/recall.ts';
import { findWebhook } from '../queries/find-webhook.ts';
import type { Once } from '../requests.ts';
import { checkEcho, checkSending } from '../webhooks/check-target.ts';
import type { WebhookDeps } from './create-webhook.ts';
import { doneToWebhook } from './webhook-events.ts';

/** Has a webhook told again of what it has been told of, or should have been. */
export async function replayWebhook(
  deps: WebhookDeps,
  principal: Principal,
  id: WebhookId,
  what: Replay,
  { once }: Once = {},
): Promise<Webhook> {
  authorise(principal, 'webhook:update');
  authorise(principal, 'event:read');
  const earlier = await recallWebhook(deps, once);
  if (earlier !== null) return earlier;
  const webhook = await deps.store.transaction(async (tables) => {
    const before = await findWebhook(tables, { principal, permission: 'webhook:update' }, id);
    maySeeEvents(principal, before);
    checkSending(principal, before);
    const after = await record(deps, tables, before, what);
    await recordAudit(tables, deps.clock, principal, doneToWebhook('webhook.replay', before, { what: what.kind }));
    await bindKey(tables, deps.clock, once, { kind: 'webhook', id });
    return after;
  });
  deps.bus.publish('webhook', id);
  return webhook;
}

async function record(deps: WebhookDeps, tables: Tables, webhook: Webhook, what: Replay): Promise<Webhook> {
  switch (what.kind) {
    case 'after':
      return await setBack(tables, webhook, what.sequence);
    case 'sequences':
      await sendAgain(deps, tables, webhook, what.sequences);
      return webhook;
    case 'delivery':
      await restart(deps, tables, webhook, what.id);
      return webhook;
    default:
      return what satisfies never;
  }
}

/** What waits in its turn and lies behind the new place is going to be read from the log again. */
async function setBack(tables: Tables, webhook: Webhook, after: number): Promise<Webhook> {
  if (after > webhook.cursor) {
    throw new VolaryError('invalid_argument', `The webhook has been told of events up to ${webhook.cursor} only.`, {
      reason: 'webhook.replay_ahead',
      details: { field: 'after', maximum: webhook.cursor },
    });
  }
  const { first } = await tables.events.bounds();
  if (after < first - 1) throw trimmed(first);
  const next = { ...webhook, cursor: after, revision: webhook.revision + 1 };
  await tables.webhooks.update(next);
  await tables.deliveries.deleteWaitingEvents({ webhookId: webhook.id, above: after });
  return next;
}

async function sendAgain(
  deps: WebhookDeps,
  tables: Tables,
  webhook: Webhook,
  sequences: readonly number[],
): Promise<void> {
  const { id: webhookId, eventsOf } = webhook;
  const distinct = [...new Set(sequences)].sort((a, b) => a - b);
  await requireRoomToWait(deps, tables, webhookId, distinct.length);
  for (const sequence of distinct) {
    const event = await eventAt(tables, sequence, eventsOf);
    checkEcho(webhook, event.type, 'sequences');
    const made = { id: deps.ids.create('dlv'), webhookId, kind: 'replay' } as const;
    await tables.deliveries.insert(newDelivery(made, event, deps.clock.now()));
  }
}

async function restart(deps: WebhookDeps, tables: Tables, webhook: Webhook, id: DeliveryId): Promise<void> {
  const { id: webhookId } = webhook;
  const delivery = await tables.deliveries.get(id);
  if (delivery?.webhookId !== webhookId) throw unknownDelivery(id);
  if (delivery.event === null) {
    throw new VolaryError(
      'failed_precondition',
      'This delivery tells of events that are gone; there is nothing to send.',
      {
        reason: 'webhook.nothing_to_send',
      },
    );
  }
  checkEcho(webhook, delivery.event.type, 'delivery');
  const again = startAgain(delivery, deps.clock.now());
  if (delivery.state === 'waiting') return await tables.deliveries.update(again);
  await requireRoomToWait(deps, tables, webhookId, 1);
  // Its turn in the log is over: it holds nobody back any more.
  await tables.deliveries.update({ ...again, kind: 'replay' });
}

async function eventAt({ events }: Tables, sequence: number, owner: string | null): Promise<Event> {
  const [event] = await events.list({ after: sequence - 1, limit: 1, ...ofOwner(owner) });
  if (event?.sequence === sequence) return event;
  const { first } = await events.bounds();
  if (sequence < first) throw trimmed(first);
  throw new VolaryError('not_found', `There is no event ${sequence}.`, { reason: 'events.unknown' });
}

/** Throws `resource_exhausted` webhook.too_many_waiting unless so many more deliveries may wait. */
export async function requireRoomToWait(
  { config }: WebhookDeps,
  { deliveries }: Tables,
  webhookId: WebhookId,
  count: number,
): Promise<void> {
  const maximum = config.webhooks.maxWaiting;
  const waiting = await deliveries.countWaiting(webhookId);
  if (waiting + count <= maximum) return;
  throw new VolaryError('resource_exhausted', `${waiting} deliveries of this webhook wait; at most ${maximum} may.`, {
    reason: 'webhook.too_many_waiting',
    details: { waiting, maximum },
  });
}

export function unknownDelivery(id: DeliveryId): VolaryError {
  return new VolaryError('not_found', `There is no delivery ${id} of this webhook.`, {
    reason: 'webhook.unknown_delivery',
  });
}

function trimmed(first: number): VolaryError {
  return new VolaryError('not_found', `Events up to ${first - 1} have been dropped; start again after ${first - 1}.`, {
    reason: 'events.trimmed',
    details: { first_sequence: first },
  });
}
