import type { Delivery, DeliveryKind } from '../../domain/webhook/delivery.ts';
import type { Webhook } from '../../domain/webhook/webhook.ts';

/** What to do next for a webhook. */
export type DeliveryPlan =
  | { readonly kind: 'try'; readonly delivery: Delivery }
  /** Take the next event from the log. */
  | { readonly kind: 'read' }
  /** Nothing, until something changes or, where one waits, this time is over. */
  | { readonly kind: 'wait'; readonly forMs: number | null };

/** Deliveries that are made also for a webhook that is disabled: whoever tests it wants to know whether to enable it. */
const WHILE_DISABLED: readonly DeliveryKind[] = ['test'];
const WHILE_ENABLED: readonly DeliveryKind[] = ['event', 'replay', 'test'];

/** The kinds of deliveries that may be made for this webhook now. */
export function sendableKinds({ isEnabled }: Pick<Webhook, 'isEnabled'>): readonly DeliveryKind[] {
  return isEnabled ? WHILE_ENABLED : WHILE_DISABLED;
}

/**
 * One thing at a time. What is due comes before the log, and an event that waits for its next try holds back those after
 * it in the log, and nothing else: receivers see events in order, and what was asked for again delays nobody.
 *
 * @param waiting `first`: of what may be sent, the one that is to be tried first; `event`: the one of the log's that waits.
 */
export function planDelivery(
  webhook: Pick<Webhook, 'isEnabled'>,
  waiting: { readonly first: Delivery | null; readonly event: Delivery | null },
  leftMs: (delivery: Delivery) => number,
): DeliveryPlan {
  const { first, event } = waiting;
  const forMs = first === null ? null : leftMs(first);
  if (first !== null && forMs !== null && forMs <= 0) return { kind: 'try', delivery: first };
  return webhook.isEnabled && event === null ? { kind: 'read' } : { kind: 'wait', forMs };
}
