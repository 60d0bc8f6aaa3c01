import type { ApiKeyId, DeliveryId, DeploymentId, ExecutionId, OperationId, WebhookId, WorkspaceId } from '../ids.ts';
import type { EpochMs } from '../time.ts';

/**
 * What a request has brought about, so that its answer can be made again when it was never kept. `guest`: something inside of a
 * guest, of which nothing is stored with us.
 */
export type Effect =
  | { readonly kind: 'operation'; readonly id: OperationId }
  | { readonly kind: 'execution'; readonly id: ExecutionId }
  | { readonly kind: 'webhook'; readonly id: WebhookId }
  | { readonly kind: 'delivery'; readonly id: DeliveryId }
  | { readonly kind: 'deployment'; readonly id: DeploymentId }
  | { readonly kind: 'workspace'; readonly id: WorkspaceId }
  | { readonly kind: 'api_key'; readonly id: ApiKeyId }
  | { readonly kind: 'guest' };

/** An answer as a face gave it, to be given again word for word. */
export interface KeptAnswer {
  readonly status: number;
  /** Those that matter to the caller, by their names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** A request that took effect under a key of its caller's: repeating it must not take effect a second time. */
export interface KeyedRequest {
  /** Whose key it is: two callers may use the same one. */
  readonly principal: string;
  readonly key: string;
  /** Of what was asked, by the key of the installation: the same `key` with another one is a mistake of the caller's. */
  readonly fingerprint: string;
  /** Of the request that took effect. */
  readonly requestId: string;
  readonly effect: Effect;
  readonly createdAt: EpochMs;
  /** Null until it has been given, and for good when it was a stream or too long: then it is made again from the effect. */
  readonly answer: KeptAnswer | null;
}

/** A longer body is not kept, characters. */
export const KEPT_BODY_LENGTH = 65_536;

/** 1 to 255 printable ASCII characters. */
const KEY = /^[\x20-\x7e]{1,255}$/;

export function isIdempotencyKey(text: string): boolean {
  return KEY.test(text);
}
