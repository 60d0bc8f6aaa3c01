import type { Event } from '../events.ts';
import type { DeliveryId, WebhookId } from '../ids.ts';
import type { EpochMs } from '../time.ts';

/**
 *   waiting --> delivered        answered with 2xx
 *      |  \---> dead             its tries are used up; sent again only when somebody asks (then it waits again)
 *   lost                         of a gap: the log had dropped the events before their turn
 *
 * An event that is delivered by the first try has no delivery of its own: there the webhook's cursor says it.
 */
export const DELIVERY_STATES = ['waiting', 'delivered', 'dead', 'lost'] as const;
export type DeliveryState = (typeof DELIVERY_STATES)[number];

/** `event`: its turn had come in the log; those after it wait for it. `replay`: asked for again. `test`: tried once. `gap`: cannot be sent. */
export const DELIVERY_KINDS = ['event', 'replay', 'test', 'gap'] as const;
export type DeliveryKind = (typeof DELIVERY_KINDS)[number];

/**
 * Why a try failed. `status`: answered, with neither 2xx nor 3xx. `refused`: answered with 200 and a word that means no. `not_connected`: nothing was sent, since this server
 * has no token for the integration. `secret_unreadable`: nothing was sent, since it could not be signed.
 */
export const TRY_ERRORS = [
  'status',
  'refused',
  'redirected',
  'timeout',
  'connection_failed',
  'unresolved',
  'target_refused',
  'invalid_response',
  'not_connected',
  'secret_unreadable',
] as const;
export type TryError = (typeof TRY_ERRORS)[number];

/** What came of one request. */
export interface Try {
  readonly at: EpochMs;
  /** Null when there was no answer. */
  readonly status: number | null;
  /** Null when it was a 2xx. */
  readonly error: TryError | null;
  /** The beginning of the answer's body, as text that can be shown. */
  readonly response: string;
  readonly durationMs: number;
}

/** An event on its way to a webhook, or events that cannot be. */
export interface Delivery {
  readonly id: DeliveryId;
  readonly webhookId: WebhookId;
  readonly kind: DeliveryKind;
  readonly state: DeliveryState;
  /** The event's; of a gap the first and the last that are missing. */
  readonly firstSequence: number;
  readonly sequence: number;
  /** Kept, so that it can be sent when the log has dropped it; null of a gap. */
  readonly event: Event | null;
  readonly tries: number;
  readonly firstTriedAt: EpochMs | null;
  /** Set while it waits. */
  readonly nextTryAt: EpochMs | null;
  readonly lastTry: Try | null;
  readonly createdAt: EpochMs;
  /** Null while it waits. */
  readonly completedAt: EpochMs | null;
}

/**
 * What a delivery is known by to those it tells. In its turn in the log it is the same for that event each time, also when the server died before
 * it could write down that it was sent; what somebody asks for is something new.
 */
export function notificationIdOf({
  id,
  webhookId,
  kind,
  sequence,
}: Pick<Delivery, 'id' | 'webhookId' | 'kind' | 'sequence'>): string {
  return kind === 'event' ? `${webhookId}/${sequence}` : id;
}

/** A delivery of this event, to be tried now. */
export function newDelivery(
  { id, webhookId, kind }: Pick<Delivery, 'id' | 'webhookId'> & { readonly kind: 'event' | 'replay' | 'test' },
  event: Event,
  now: EpochMs,
): Delivery {
  return {
    id,
    webhookId,
    kind,
    state: 'waiting',
    firstSequence: event.sequence,
    sequence: event.sequence,
    event,
    tries: 0,
    firstTriedAt: null,
    nextTryAt: now,
    lastTry: null,
    createdAt: now,
    completedAt: null,
  };
}

/** The delivery as if it had never been tried. */
export function startAgain(delivery: Delivery, now: EpochMs): Delivery {
  return { ...delivery, state: 'waiting', tries: 0, firstTriedAt: null, nextTryAt: now, completedAt: null };
}

/** Events `first` to `last` that the log had dropped before they could be sent. */
export function newGap(
  { id, webhookId }: Pick<Delivery, 'id' | 'webhookId'>,
  { first, last }: { readonly first: number; readonly last: number },
  now: EpochMs,
): Delivery {
  return {
    id,
    webhookId,
    kind: 'gap',
    state: 'lost',
    firstSequence: first,
    sequence: last,
    event: null,
    tries: 0,
    firstTriedAt: null,
    nextTryAt: null,
    lastTry: null,
    createdAt: now,
    completedAt: now,
  };
}
