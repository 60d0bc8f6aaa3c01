import type { PublicKey } from '../domain/session/signing-key.ts';
import type { TokenClaims, TokenKind } from '../domain/session/token.ts';
import type { EpochMs } from '../domain/time.ts';

/** A key that signs. */
export interface KeyPair extends PublicKey {
  /** In a form of the implementation's own. */
  readonly privateKey: Uint8Array;
}

/** Signed tokens that others can verify: JSON Web Tokens by RS256. */
export interface TokenSigner {
  /** A new key. Takes up to seconds, off the event loop. */
  createKey(): Promise<KeyPair>;
  /** Tokens by these keys: the one signs, and all of them verify. Throws `data_loss` auth.damaged_key. */
  open(keys: { readonly signing: KeyPair; readonly verifying: readonly PublicKey[] }, issuer: string): Promise<Tokens>;
}

/** Tokens of one issuer by keys that do not change. */
export interface Tokens {
  sign(claims: TokenClaims): Promise<string>;
  /**
   * What the token says, if one of the keys has signed it as a token of this kind of this issuer, and it is valid at `now`, give or take
   * five seconds. Throws `unauthenticated`: auth.token_expired when that is all there is to say against it, else auth.token_invalid.
   */
  verify(token: string, expected: { readonly kind: TokenKind; readonly now: EpochMs }): Promise<TokenClaims>;
}
