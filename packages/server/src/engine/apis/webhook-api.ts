import type { EventType } from '../../domain/events.ts';
import type { DeliveryId, WebhookId } from '../../domain/ids.ts';
import type { NotificationTarget } from '../../domain/integrations.ts';
import type { Principal } from '../../domain/principal/principal.ts';
import type { Delivery, DeliveryState } from '../../domain/webhook/delivery.ts';
import type { Webhook } from '../../domain/webhook/webhook.ts';
import type { PageRequest } from '../../ports/requests.ts';
import type { Once, Page, Unchanged } from '../requests.ts';

export interface CreateWebhookRequest {
  /** Null of one that has a target. */
  readonly url: string | null;
  /** Where an integration is to tell of events; absent: at the URL. */
  readonly target?: NotificationTarget;
  /** Null: all. */
  readonly types: readonly EventType[] | null;
  /** Id or name; null: events about anything. */
  readonly vm: string | null;
  /** 16 to 256 printable characters; null: one is made, unless there is a target, where nothing is signed. */
  readonly secret: string | null;
  readonly description: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly isEnabled: boolean;
}

/** What is absent stays as it is. A new secret signs beside the old one for `webhooks.secretOverlapMs`. */
export interface WebhookChange extends Partial<Omit<CreateWebhookRequest, 'secret' | 'url'>> {
  readonly url?: string;
  readonly secret?: string;
  /** A new secret is made. */
  readonly rotateSecret?: boolean;
}

/** A webhook, and its secret if that has just been made: nobody is told it again. */
export interface ChangedWebhook {
  readonly webhook: Webhook;
  readonly madeSecret: string | null;
}

/** What is to be sent again: all from after a sequence on, in order; these events; or one delivery, also a dead one. */
export type Replay =
  | { readonly kind: 'after'; readonly sequence: number }
  | { readonly kind: 'sequences'; readonly sequences: readonly number[] }
  | { readonly kind: 'delivery'; readonly id: DeliveryId };

/**
 * Receivers of events by HTTP. What sends events elsewhere needs `event:read` as well. Each call about one throws
 * `not_found` webhook.unknown.
 */
export interface WebhookApi {
  /**
   * Begins with the events after this one. One with a target needs `integration:send` too. Throws `invalid_argument` webhook.invalid_url / webhook.target_refused /
   * webhook.unsigned / webhook.echo, `failed_precondition` integration.not_connected, `resource_exhausted` webhook.too_many.
   */
  create(
    principal: Principal,
    request: CreateWebhookRequest,
    options: Once & { readonly signal: AbortSignal },
  ): Promise<ChangedWebhook>;
  get(principal: Principal, id: WebhookId): Promise<Webhook>;
  list(
    principal: Principal,
    request: PageRequest<WebhookId> & { readonly selector?: string },
  ): Promise<Page<Webhook, WebhookId>>;
  /** Throws as `create`, and `invalid_argument` webhook.other_kind: what has a URL keeps one, what has a target too. One that is enabled again goes on where it was, at once. */
  update(
    principal: Principal,
    id: WebhookId,
    change: WebhookChange,
    options: Unchanged & { readonly signal: AbortSignal },
  ): Promise<ChangedWebhook>;
  delete(principal: Principal, id: WebhookId, unchanged?: Unchanged): Promise<void>;
  /**
   * Sends one event of type `webhook.test`, once, also to one that is disabled. Resolves with what came of it, or with the delivery as it is
   * when that takes long. One with a target needs `integration:send` too. Throws `resource_exhausted` webhook.too_many_waiting.
   */
  test(principal: Principal, id: WebhookId, options: Once & { readonly signal: AbortSignal }): Promise<Delivery>;
  /**
   * Resolves when it is written down what is to be sent again. One with a target needs `integration:send` too. Throws `not_found` events.trimmed / events.unknown / webhook.unknown_delivery,
   * `invalid_argument` webhook.replay_ahead / webhook.echo, `failed_precondition` webhook.nothing_to_send, `resource_exhausted` webhook.too_many_waiting.
   */
  replay(principal: Principal, id: WebhookId, what: Replay, options?: Once): Promise<Webhook>;
  /** Newest first: those that wait, are dead or lost, and those that did not arrive at the first try. */
  deliveries(
    principal: Principal,
    id: WebhookId,
    request: { readonly limit: number; readonly after: DeliveryId | null; readonly state?: DeliveryState },
  ): Promise<Page<Delivery, DeliveryId>>;
  /** The same of all webhooks whose events the principal may read. */
  allDeliveries(
    principal: Principal,
    request: { readonly limit: number; readonly after: DeliveryId | null; readonly state?: DeliveryState },
  ): Promise<Page<Delivery, DeliveryId>>;
}
