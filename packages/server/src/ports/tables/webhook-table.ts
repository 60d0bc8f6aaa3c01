import type { DeliveryId, WebhookId } from '../../domain/ids.ts';
import type { Delivery, DeliveryKind, DeliveryState } from '../../domain/webhook/delivery.ts';
import type { Webhook } from '../../domain/webhook/webhook.ts';
import type { OfOwner, PageRequest } from '../requests.ts';

/** Webhooks, in the order they were made. */
export interface WebhookTable {
  insert(webhook: Webhook): Promise<void>;
  get(id: WebhookId): Promise<Webhook | null>;
  list(page: PageRequest<WebhookId> & OfOwner): Promise<readonly Webhook[]>;
  /** Writes the row if its revision is still `webhook.revision - 1`; throws `conflict` store.revision otherwise. */
  update(webhook: Webhook): Promise<void>;
  /** Removes it with its deliveries. False if it is not there. */
  delete(id: WebhookId): Promise<boolean>;
  count(): Promise<number>;
}

export interface DeliveryTable {
  /** Throws `conflict` store.constraint when its webhook is not there. */
  insert(delivery: Delivery): Promise<void>;
  get(id: DeliveryId): Promise<Delivery | null>;
  /** Newest first: of this webhook, or of all. `owner`: of those webhooks alone that are this user's; `eventsOf`: that are told of nothing but what is this user's. */
  list(
    page: PageRequest<DeliveryId> &
      OfOwner & {
        readonly webhookId?: WebhookId;
        readonly state?: DeliveryState;
        readonly eventsOf?: string;
      },
  ): Promise<readonly Delivery[]>;
  /** Writes the row, if it is there. */
  update(delivery: Delivery): Promise<void>;
  /** The one of these kinds that waits and is to be tried first; of several at one moment, that of the lowest sequence. */
  firstWaiting(which: {
    readonly webhookId: WebhookId;
    readonly kinds: readonly DeliveryKind[];
  }): Promise<Delivery | null>;
  countWaiting(webhookId: WebhookId): Promise<number>;
  /** Lets all that wait be tried from this moment on, as if for the first time. */
  restartWaiting(webhookId: WebhookId, now: number): Promise<void>;
  /** Removes those of kind `event` that wait and have a sequence above this one. */
  deleteWaitingEvents(which: { readonly webhookId: WebhookId; readonly above: number }): Promise<void>;
  /** Removes the oldest of those completed before this moment, at most `limit` of them. Returns how many. */
  deleteOld(which: { readonly completedBefore: number; readonly limit: number }): Promise<number>;
}
