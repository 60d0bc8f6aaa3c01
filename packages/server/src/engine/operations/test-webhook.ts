import type { DeliveryId, WebhookId } from '../../domain/ids.ts';
import type { Principal } from '../../domain/principal/principal.ts';
import { type Delivery, newDelivery } from '../../domain/webhook/delivery.ts';
import { authorise } from '../access/authorise.ts';
import { maySeeEvents } from '../access/may-see-events.ts';
import { recordAudit } from '../audit/record-audit.ts';
import { bindKey } from '../idempotency/claims.ts';
import { recallDelivery } from '../idempotency/recall.ts';
import { findWebhook } from '../queries/find-webhook.ts';
import { waitFor } from '../queries/wait-for.ts';
import type { Once } from '../requests.ts';
import { checkSending } from '../webhooks/check-target.ts';
import type { WebhookDeps } from './create-webhook.ts';
import { requireRoomToWait, unknownDelivery } from './replay-webhook.ts';
import { doneToWebhook, webhookEvent } from './webhook-events.ts';

/** A request may be under way before it: two of them take no longer. Milliseconds. */
const WAIT_MS = 25_000;

/** Sends a webhook an event of its own, to see whether it arrives. */
export async function testWebhook(
  deps: WebhookDeps,
  principal: Principal,
  id: WebhookId,
  { once, signal }: Once & { readonly signal: AbortSignal },
): Promise<Delivery> {
  authorise(principal, 'webhook:update');
  authorise(principal, 'event:read');
  const earlier = await recallDelivery(deps, once);
  const delivery = earlier ?? (await recordTest(deps, principal, id, once));
  deps.bus.publish('events', '');
  deps.bus.publish('webhook', id);
  const done = await waitFor(
    deps,
    { topic: 'delivery', key: delivery.id },
    { timeoutMs: WAIT_MS, signal },
    async () => {
      const present = await get(deps, delivery.id);
      return present.state === 'waiting' ? undefined : present;
    },
  );
  return done ?? (await get(deps, delivery.id));
}

async function recordTest(
  deps: WebhookDeps,
  principal: Principal,
  webhookId: WebhookId,
  once: Once['once'],
): Promise<Delivery> {
  const now = deps.clock.now();
  return await deps.store.transaction(async (tables) => {
    const webhook = await findWebhook(tables, { principal, permission: 'webhook:update' }, webhookId);
    maySeeEvents(principal, webhook);
    checkSending(principal, webhook);
    await requireRoomToWait(deps, tables, webhookId, 1);
    await tables.events.append([webhookEvent('webhook.test', webhook, now)]);
    const { last } = await tables.events.bounds();
    const [event] = await tables.events.list({ after: last - 1, limit: 1 });
    if (event === undefined) throw new RangeError('an event that was just appended is not there');
    const delivery = newDelivery({ id: deps.ids.create('dlv'), webhookId, kind: 'test' }, event, now);
    await tables.deliveries.insert(delivery);
    const details = { delivery_id: delivery.id };
    await recordAudit(tables, deps.clock, principal, doneToWebhook('webhook.test', webhook, details));
    await bindKey(tables, deps.clock, once, { kind: 'delivery', id: delivery.id });
    return delivery;
  });
}

/** Gone with its webhook, if that has been deleted meanwhile. */
async function get({ store }: WebhookDeps, id: DeliveryId): Promise<Delivery> {
  const delivery = await store.deliveries.get(id);
  if (delivery !== null) return delivery;
  throw unknownDelivery(id);
}
