/**
 * Carries events to one webhook, one at a time, and outlives every fault. It keeps nothing that matters: what is to be
 * sent it finds in the log from the webhook's cursor on, and among the deliveries that wait.
 *
 *   look --> due? ------> send, settle --> look
 *        \-> in the log? -> send, settle --> look
 *        \-> nothing: sleep until somebody rings, one is due, or it is time to look anyway
 */
import type { Event } from '../../domain/events.ts';
import type { WebhookId } from '../../domain/ids.ts';
import { type Delivery, newDelivery } from '../../domain/webhook/delivery.ts';
import type { Webhook } from '../../domain/webhook/webhook.ts';
import { fullJitterMs } from '../../lib/backoff.ts';
import { createBell, sleepUnless } from '../queries/wait-for.ts';
import { createDueTimes, type DueTimes } from './due-times.ts';
import { mayBeTold } from './may-be-told.ts';
import { planDelivery, sendableKinds } from './plan-delivery.ts';
import { filterOf, type SettleDeps, settleGap, settleSkipped, settleTry } from './settle.ts';
import { createTry, type TryDeps } from './try-delivery.ts';

export type CourierDeps = SettleDeps & TryDeps;

export interface Courier {
  /** Has it look again, now or as soon as it has sent what it is sending. */
  ring(): void;
  /** Resolves when its webhook is gone or the signal was aborted; never rejects. */
  readonly done: Promise<void>;
}

/** Between looks that failed: the database is full, say. Milliseconds. */
const FAULT = { firstMs: 1_000, capMs: 60_000 } as const;
/** The cursor is written down when it has passed so many events that were not asked for. */
const UNWRITTEN = 200;

export function startCourier(deps: CourierDeps, id: WebhookId, signal: AbortSignal): Courier {
  const bell = createBell();
  const round = createRound(deps, id, signal);

  async function run(): Promise<void> {
    for (let faults = 0; !signal.aborted; ) {
      const rung = bell.next();
      try {
        const next = await round();
        faults = 0;
        if (next === 'gone') return;
        if (next !== 'again') await sleepUnless(rung, deps.clock, next.sleepMs, signal);
      } catch (error) {
        if (signal.aborted) return;
        faults += 1;
        deps.log.warn('a webhook could not be served; it is tried again', { webhookId: id, error });
        await deps.clock.sleep(fullJitterMs(faults, FAULT, deps.ids.random), { signal }).catch(() => undefined);
      }
    }
  }

  return { ring: bell.ring, done: run() };
}

type Next = 'again' | 'gone' | { readonly sleepMs: number };

/** One look, and at most one request. */
function createRound(deps: CourierDeps, id: WebhookId, signal: AbortSignal): () => Promise<Next> {
  const { store, config } = deps;
  const dueTimes: DueTimes = createDueTimes(deps.clock, { longestMs: config.webhooks.longestRetryMs });
  const read = createReader(deps);
  const sendTo = createTry(deps);

  async function send(webhook: Webhook, delivery: Delivery, cursor: number | null): Promise<void> {
    const { event } = delivery;
    if (event === null) return;
    const outcome = await sendTo(webhook, { delivery, event }, { signal });
    await settleTry(deps, { delivery, cursor, outcome });
  }

  return async () => {
    const webhook = await store.webhooks.get(id);
    if (webhook === null) return 'gone';
    if (!(await mayBeTold(store, webhook))) return { sleepMs: config.timers.sweepMs };
    const first = await store.deliveries.firstWaiting({ webhookId: id, kinds: sendableKinds(webhook) });
    const event = await store.deliveries.firstWaiting({ webhookId: id, kinds: ['event'] });
    const plan = planDelivery(webhook, { first, event }, dueTimes.leftMs);
    if (plan.kind === 'try') {
      await send(webhook, plan.delivery, null);
      return 'again';
    }
    const found = plan.kind === 'read' ? await read(webhook) : null;
    if (found === 'again') return 'again';
    if (found !== null) {
      const made = { id: deps.ids.create('dlv'), webhookId: id, kind: 'event' } as const;
      await send(webhook, newDelivery(made, found, deps.clock.now()), webhook.cursor);
      return 'again';
    }
    const leftMs = first === null ? Number.POSITIVE_INFINITY : dueTimes.leftMs(first);
    return { sleepMs: Math.min(leftMs, config.timers.sweepMs) };
  };
}

/**
 * The next event for the webhook; null when there is none, and `again` when the log has to be looked at once more. What
 * lies between is remembered, so that each look begins where the last one ended, and is written down from time to time.
 */
function createReader(deps: CourierDeps): (webhook: Webhook) => Promise<Event | null | 'again'> {
  const { store } = deps;
  let passed = { revision: 0, to: 0 };
  return async (webhook) => {
    const after = passed.revision === webhook.revision ? passed.to : webhook.cursor;
    // The end is asked before, since events may be added meanwhile, and the beginning after, since they may be dropped.
    const { last } = await store.events.bounds();
    const [event] = await store.events.list({ ...filterOf(webhook), after, limit: 1 });
    const { first } = await store.events.bounds();
    if (after < first - 1) {
      await settleGap(deps, webhook, { first: after + 1, last: first - 1 });
      return 'again';
    }
    // A test is for the webhook that is tested alone, and that has it already.
    if (event !== undefined && event.type !== 'webhook.test') return event;
    const to = event?.sequence ?? Math.max(after, last);
    passed = { revision: webhook.revision, to };
    if (to - webhook.cursor >= UNWRITTEN) await settleSkipped(deps, webhook, to);
    return event === undefined ? null : 'again';
  };
}
