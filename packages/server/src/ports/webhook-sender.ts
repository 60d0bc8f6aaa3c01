import type { Event } from '../domain/events.ts';
import type { DeliveryId } from '../domain/ids.ts';
import type { Try } from '../domain/webhook/delivery.ts';

/** One event for one webhook. */
export interface WebhookMessage {
  readonly url: string;
  readonly deliveryId: DeliveryId;
  readonly event: Event;
  /** The request has a signature by each of them, in this order. */
  readonly secrets: readonly string[];
}

/** What came of a request, and when the receiver would like to be asked again. */
export interface SendOutcome extends Try {
  /** Milliseconds from now; null when it did not say. Whatever it said: bounds are the caller's. */
  readonly retryAfterMs: number | null;
  /** The other side will refuse the same for ever: it is not sent again by itself. Absent: another try may do better. */
  readonly isFinal?: boolean;
}

/** Tells receivers of events by HTTP, and connects to no address that they may not be at. */
export interface WebhookSender {
  /**
   * Whether this URL may be a webhook's as things stand now. A name that cannot be looked up is none's fault, and no error. Throws
   * `invalid_argument` webhook.invalid_url, webhook.target_refused.
   */
  checkTarget(url: string, options: { readonly signal: AbortSignal }): Promise<void>;
  /**
   * Sends one signed request, and resolves within a bounded time with what came of it, whatever the other side does. Follows
   * no redirect and repeats nothing. Rejects with the signal's reason when that is aborted: then nobody knows whether it has arrived.
   */
  send(message: WebhookMessage, options: { readonly signal: AbortSignal }): Promise<SendOutcome>;
  /** A new secret to sign with: at least 256 random bits, printable. */
  createSecret(): string;
}
