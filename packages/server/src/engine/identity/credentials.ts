import { VolaryError } from '../../domain/errors.ts';
import type { UserId } from '../../domain/ids.ts';
import type { IntegrationName } from '../../domain/integrations.ts';
import type { EpochMs } from '../../domain/time.ts';

/** What a request presents to show who asks. */
export type Credentials =
  /** An API key, or the built-in administrator's. */
  | { readonly kind: 'key'; readonly value: string }
  /** The same, or an access token. */
  | { readonly kind: 'bearer'; readonly value: string }
  /** A user by the word of a trusted proxy: whoever says so has been found to be one. */
  | { readonly kind: 'proxy'; readonly name: string }
  /** Nothing, from this machine, where a face lets that in. */
  | { readonly kind: 'loopback' }
  /** Somebody by the word of an integration, whose signature has been found right. */
  | { readonly kind: 'integration'; readonly name: IntegrationName; readonly userId: string };

/** What an access token was found to say. */
export interface VerifiedToken {
  readonly userId: UserId;
  readonly sessionId: string;
  readonly expiresAt: EpochMs;
}

/**
 * Looks at an access token: signature, times, and that its session still holds. Throws `unauthenticated` auth.token_invalid,
 * auth.token_expired.
 */
export type VerifyToken = (token: string) => Promise<VerifiedToken>;

/** `unauthenticated` auth.key_invalid: the same for what never was a key, is one no more, or speaks for nobody any more. */
export function invalidKey(): VolaryError {
  return new VolaryError('unauthenticated', 'This key is not valid.', { reason: 'auth.key_invalid' });
}

/** `unauthenticated` auth.key_expired: said only to whoever has the whole key. */
export function expiredKey(): VolaryError {
  return new VolaryError('unauthenticated', 'This key has expired.', { reason: 'auth.key_expired' });
}

/** `unauthenticated` auth.user_refused. */
export function refusedUser(): VolaryError {
  return new VolaryError('unauthenticated', 'This user may not come in that way.', {
    reason: 'auth.user_refused',
  });
}
