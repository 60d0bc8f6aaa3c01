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
 * A service that people work with, and this server is connected with: it tells us what has happened there, and is told what happens here. What it can do goes by what it was given:
 * without a secret nobody believes what comes in, without a token nothing can be sent.
 */
export interface Integration {
  readonly name: IntegrationName;
  /** Makes it ready; to be called once, before all else. Sends nothing. Throws `invalid_argument` config.invalid. */
  initialize(): Promise<void>;
  /** Null: it was given nothing that could show who has sent something. */
  readonly incoming: IncomingEvents | null;
  /** Null: it was given nothing to show who we are. */
  readonly outgoing: OutgoingMessages | null;
  /** How it is, measured now, within a bounded time. Never rejects. */
  health(options: { readonly signal: AbortSignal }): Promise<IntegrationHealth>;
}

/** Takes what the other side sends. Neither keeps nor does anything. */
export interface IncomingEvents {
  /**
   * Makes sure who has sent this, then reads it. Throws `unauthenticated` integration.signature_missing, integration.signature_invalid,
   * integration.signature_expired; `invalid_argument` request.malformed_json, request.invalid.
   */
  handleEvent(delivery: IncomingDelivery): Incoming;
  /** What the other side waits for as an answer to this, a JSON object; `reply` is null unless it was a command. */
  answer(incoming: Incoming, reply: CommandReply | null): Readonly<Record<string, unknown>>;
}

/** Sends with the token that was given. */
export interface OutgoingMessages {
  /** Loads what it sends with; sends nothing. */
  initialize(): Promise<void>;
  /**
   * Tries once to tell of an event, and resolves within a bounded time with what came of it, whatever the other side does. Sent twice it is told
   * twice. Rejects with the signal's reason when that is aborted: then nobody knows.
   */
  sendNotification(notification: Notification, options: { readonly signal: AbortSignal }): Promise<SendOutcome>;
  /** Null: this service has no repositories. */
  readonly repositories: Repositories | null;
  /** Null: this service has no channels. */
  readonly channels: Channels | null;
  /** Asks the other side who we are there. Never rejects. */
  health(options: { readonly signal: AbortSignal }): Promise<IntegrationHealth>;
}

/**
 * Each makes one request, and never repeats it. Throws `failed_precondition` integration.refused with the other side's words, `unavailable`
 * integration.unavailable (`details.retry_after_ms`), and the signal's reason.
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
  /** The branch with the changes, and the one that is to have them. */
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
  /** Of the message, in the other side's words. */
  readonly id: string;
  readonly channel: string;
}
