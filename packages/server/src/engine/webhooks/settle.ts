import { EVENT_TYPES, type Event, type NewEvent } from '../../domain/events.ts';
import type { WebhookId } from '../../domain/ids.ts';
import { SYSTEM } from '../../domain/principal/principal.ts';
import type { EpochMs } from '../../domain/time.ts';
import { type Delivery, newGap } from '../../domain/webhook/delivery.ts';
import { isEcho, nextUpdatedAt, type Webhook } from '../../domain/webhook/webhook.ts';
import type { EventFilter } from '../../ports/tables/event-table.ts';
import type { SendOutcome } from '../../ports/webhook-sender.ts';
import { ofOwner } from '../access/of-owner.ts';
import type { Ages } from '../ages.ts';
import { recordAudit } from '../audit/record-audit.ts';
import type { EngineConfig, EngineDeps } from '../deps.ts';
import { doneToWebhook, webhookEvent } from '../operations/webhook-events.ts';
import { afterTry } from './after-try.ts';

export type SettleDeps = Pick<EngineDeps, 'store' | 'bus' | 'clock' | 'ids' | 'log'> & {
  readonly config: EngineConfig;
  readonly ages: Ages;
};

/** They are few (see `webhooks.maxCount`), so one page has them all. */
const EVERY_WEBHOOK = 500;

/** A try, with where it came from: `cursor` is the webhook's when its event was read from the log, null of a delivery that is stored. */
export interface Tried {
  readonly delivery: Delivery;
  readonly cursor: number | null;
  readonly outcome: SendOutcome;
}

/**
 * Writes down what came of a try, in one transaction: the delivery (none for an event that arrived at once), how far the
 * webhook is, and whether it has failed for too long. Without that having been written the event is sent again.
 */
export async function settleTry(deps: SettleDeps, { delivery, cursor, outcome }: Tried): Promise<void> {
  const { clock, ids, config, ages } = deps;
  const now = clock.now();
  const settled = afterTry(delivery, outcome, { now, ages, random: () => ids.random() }, config.webhooks);
  const disabled = await deps.store.transaction(async (tables) => {
    const webhook = await tables.webhooks.get(delivery.webhookId);
    if (webhook === null) return false;
    const after = webhookAfter(webhook, settled, { now, ages }, config);
    // Whoever set it back meanwhile wants all that comes after that, in order: this event is going to be read once more.
    const isInTurn = cursor !== null && webhook.cursor === cursor;
    if (cursor === null) await tables.deliveries.update(settled);
    else if (isInTurn && settled.state !== 'delivered') await tables.deliveries.insert(settled);
    await tables.webhooks.update({ ...after, cursor: isInTurn ? delivery.sequence : webhook.cursor });
    if (after.isEnabled === webhook.isEnabled) return false;
    await tables.events.append([disabledEvent(after, now)]);
    await recordAudit(tables, clock, SYSTEM, doneToWebhook('webhook.disable', after, { because: 'failing' }));
    return true;
  });
  if (disabled) {
    deps.log.warn('a webhook was disabled: it has failed for too long', { webhookId: delivery.webhookId });
    deps.bus.publish('events', '');
  }
  deps.bus.publish('delivery', delivery.id);
}

/** Notes events that the log had dropped before they could be sent: among the deliveries, and by an event of its own. */
export async function settleGap(
  deps: SettleDeps,
  { id, cursor }: Pick<Webhook, 'id' | 'cursor'>,
  missing: { readonly first: number; readonly last: number },
): Promise<void> {
  const now = deps.clock.now();
  await deps.store.transaction(async (tables) => {
    const webhook = await tables.webhooks.get(id);
    if (webhook === null || webhook.cursor !== cursor) return;
    await tables.deliveries.insert(newGap({ id: deps.ids.create('dlv'), webhookId: id }, missing, now));
    await tables.webhooks.update({ ...webhook, cursor: missing.last, revision: webhook.revision + 1 });
    const data = { first_sequence: missing.first, last_sequence: missing.last };
    await tables.events.append([webhookEvent('webhook.events_lost', webhook, now, data)]);
  });
  deps.log.warn('events were dropped before a webhook was told of them', { webhookId: id, ...missing });
  deps.bus.publish('events', '');
}

/**
 * Notes of each webhook how far the log holds nothing for it. To be called before events are dropped: those that nobody asked
 * for would be told as lost to whoever had passed them without having written that down.
 */
export async function settleAllSkipped({ store }: Pick<EngineDeps, 'store'>): Promise<void> {
  for (const webhook of await store.webhooks.list({ limit: EVERY_WEBHOOK, after: null })) {
    // The end is asked before, since events may be added meanwhile.
    const { last } = await store.events.bounds();
    const next = await nextFor({ store }, webhook, webhook.cursor);
    const to = next === null ? last : next.sequence - 1;
    if (to > webhook.cursor) await settleSkipped({ store }, webhook, to);
  }
}

/** The first event after this one that is for the webhook. A test is for the webhook that is tested alone, and that has it already. */
async function nextFor({ store }: Pick<EngineDeps, 'store'>, webhook: Webhook, cursor: number): Promise<Event | null> {
  for (let after = cursor; ; ) {
    const [event] = await store.events.list({ ...filterOf(webhook), after, limit: 1 });
    if (event === undefined) return null;
    if (event.type !== 'webhook.test') return event;
    after = event.sequence;
  }
}

/** Which events are for the webhook. */
export function filterOf({ types: asked, vmId, eventsOf, target }: Webhook): EventFilter {
  const types = target === null ? asked : (asked ?? EVENT_TYPES).filter((type) => !isEcho(type));
  return { ...(types === null ? {} : { types }), ...(vmId === null ? {} : { vmId }), ...ofOwner(eventsOf) };
}

/** Notes that nothing up to this sequence is for the webhook. */
export async function settleSkipped(
  { store }: Pick<EngineDeps, 'store'>,
  { id, revision }: { readonly id: WebhookId; readonly revision: number },
  cursor: number,
): Promise<void> {
  await store.transaction(async (tables) => {
    const webhook = await tables.webhooks.get(id);
    if (webhook?.revision !== revision) return;
    await tables.webhooks.update({ ...webhook, cursor, revision: revision + 1 });
  });
}

function webhookAfter(
  webhook: Webhook,
  settled: Delivery,
  { now, ages }: { readonly now: EpochMs; readonly ages: Ages },
  { webhooks }: EngineConfig,
): Webhook {
  const next = { ...webhook, revision: webhook.revision + 1 };
  if (settled.state === 'delivered') return { ...next, failures: null, lastDeliveredAt: now };
  if (settled.kind === 'test') return next;
  const failures = { count: (webhook.failures?.count ?? 0) + 1, since: webhook.failures?.since ?? now };
  // Both: a burst has not failed anybody, nor has a night without a try.
  const isTooLong =
    failures.since <= ages.before(webhooks.disableAfterMs) && failures.count >= webhooks.disableAfterTries;
  if (!isTooLong || !webhook.isEnabled) return { ...next, failures };
  return { ...next, failures, isEnabled: false, disabledBecause: 'failing', updatedAt: nextUpdatedAt(webhook, now) };
}

function disabledEvent(webhook: Webhook, now: EpochMs): NewEvent {
  return webhookEvent('webhook.disabled', webhook, now, {
    because: 'failing',
    failures: webhook.failures?.count ?? 0,
    last_sequence: webhook.cursor,
  });
}
