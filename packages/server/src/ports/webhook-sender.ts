import type { Event } from '../domain/events.ts';
import type { DeliveryId } from '../domain/ids.ts';
import type { Try } from '../domain/webhook/delivery.ts';

/** One event for one webhook. */
export interface WebhookMessage {
  readonly url: string;
  readonly deliveryId: DeliveryId;
  readonly event: Event;
  /** The request is signed with each of these, in this order. */
  readonly secrets: readonly string[];
}

/** The result of a request, and when the receiver wants the next attempt. */
export interface SendOutcome extends Try {
  /** Milliseconds from now; null: it did not say. Not limited: that is up to the caller. */
  readonly retryAfterMs: number | null;
  /** The receiver will always refuse this, so it is not retried. Absent: another attempt may succeed. */
  readonly isFinal?: boolean;
}

/** Sends events to receivers over HTTP, and never connects to an address that is not allowed. */
export interface WebhookSender {
  /**
   * Checks whether a webhook may have this URL now. A name that cannot be resolved at the moment is not an error.
   * Throws `invalid_argument` webhook.invalid_url, webhook.target_refused.
   */
  checkTarget(url: string, options: { readonly signal: AbortSignal }): Promise<void>;
  /**
   * Sends one signed request, and resolves within a bounded time with the result, whatever the receiver does. Follows
   * no redirects and never retries. Rejects with the signal's reason if that is aborted: then it is unknown whether the
   * request has arrived.
   */
  send(message: WebhookMessage, options: { readonly signal: AbortSignal }): Promise<SendOutcome>;
  /** A new secret to sign with: at least 256 random bits, printable. */
  createSecret(): string;
}
