import type {
  CommandReply,
  Incoming,
  IncomingDelivery,
  IntegrationHealth,
  IntegrationName,
  Notification,
} from '../domain/integrations.ts';
import type { SendOutcome } from './webhook-sender.ts';

/**
 * A connected service such as Slack: it sends us webhooks, and we post messages there. What works depends on its
 * settings: without a secret nothing is accepted, without a token nothing can be sent.
 */
export interface Integration {
  readonly name: IntegrationName;
  /** Prepares it; call this once, before anything else. Sends nothing. Throws `invalid_argument` config.invalid. */
  initialize(): Promise<void>;
  /** Null: it has no secret to verify requests with. */
  readonly incoming: IncomingEvents | null;
  /** Null: it has no token to send with. */
  readonly outgoing: OutgoingMessages | null;
  /** Its health, checked now, within a bounded time. Never rejects. */
  health(options: { readonly signal: AbortSignal }): Promise<IntegrationHealth>;
}

/** Verifies and reads requests of the service. Has no side effects. */
export interface IncomingEvents {
  /**
   * Verifies the sender, then reads the request. Throws `unauthenticated` integration.signature_missing,
   * integration.signature_invalid, integration.signature_expired; `invalid_argument` request.malformed_json,
   * request.invalid.
   */
  handleEvent(delivery: IncomingDelivery): Incoming;
  /** The answer that the service expects, a JSON object; `reply` is null unless the request was a command. */
  answer(incoming: Incoming, reply: CommandReply | null): Readonly<Record<string, unknown>>;
}

/** Sends with the configured token. */
export interface OutgoingMessages {
  /** Loads the client library; sends nothing. */
  initialize(): Promise<void>;
  /**
   * Tries once to send the notification, and resolves within a bounded time with the result, whatever the service does.
   * A repeated call sends it again. Rejects with the signal's reason if that is aborted: then the result is unknown.
   */
  sendNotification(notification: Notification, options: { readonly signal: AbortSignal }): Promise<SendOutcome>;
  /** Null: this service has no repositories. */
  readonly repositories: Repositories | null;
  /** Null: this service has no channels. */
  readonly channels: Channels | null;
  /** Checks the token with the service. Never rejects. */
  health(options: { readonly signal: AbortSignal }): Promise<IntegrationHealth>;
}

/**
 * Each method makes one request, and never retries. Throws `failed_precondition` integration.refused with the service's
 * reason, `unavailable` integration.unavailable (`details.retry_after_ms`), and the signal's reason.
 */
export interface Repositories {
  createPullRequest(request: NewPullRequest, options: { readonly signal: AbortSignal }): Promise<PullRequest>;
  comment(request: NewComment, options: { readonly signal: AbortSignal }): Promise<Comment>;
}

/** Throws as `Repositories` do. */
export interface Channels {
  postMessage(request: NewMessage, options: { readonly signal: AbortSignal }): Promise<PostedMessage>;
}

export interface NewPullRequest {
  /** `owner/name`. */
  readonly repository: string;
  readonly title: string;
  readonly body: string;
  /** The branch with the changes, and the branch to merge into. */
  readonly head: string;
  readonly base: string;
  readonly isDraft: boolean;
}

export interface PullRequest {
  readonly number: number;
  readonly url: string;
}

export interface NewComment {
  readonly repository: string;
  /** Of an issue or a pull request. */
  readonly issue: number;
  readonly body: string;
}

export interface Comment {
  readonly id: string;
  readonly url: string;
}

export interface NewMessage {
  /** Id of the channel. */
  readonly channel: string;
  readonly text: string;
}

export interface PostedMessage {
  /** The service's id of the message. */
  readonly id: string;
  readonly channel: string;
}
