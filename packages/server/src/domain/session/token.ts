import type { SessionId, UserId } from '../ids.ts';
import type { EpochMs } from '../time.ts';

/** An access token goes with requests; a refresh token is given for new ones, and for nothing else. */
export type TokenKind = 'access' | 'refresh';

/** What a token says. Whether it still holds is for the session to say that it names. */
export interface TokenClaims {
  readonly kind: TokenKind;
  readonly userId: UserId;
  readonly sessionId: SessionId;
  /** Of the session when the token was made: how often it had been refreshed. */
  readonly generation: number;
  /** To the second, as tokens have it. */
  readonly issuedAt: EpochMs;
  readonly expiresAt: EpochMs;
}
