import type { KeptAnswer } from '../../domain/idempotency/keyed-request.ts';
import type { Principal } from '../../domain/principal/principal.ts';
import type { Claim } from '../requests.ts';

/** Requests that may be repeated without harm, by a key of their caller's. Kept for `limits.idempotencyMs`. */
export interface IdempotencyApi {
  /** What tells whether all that is asked is the same, kept in its place: it may have secrets in it that could be guessed by a mere digest. */
  fingerprintOf(asked: string): string;
  /**
   * Asks what is to be done with this request: to be done (`effect` is null), to be made known again from what has
   * come of it, or to be answered word for word. `key` is one by `isIdempotencyKey`; `fingerprint` is that of all that is asked. Throws `invalid_argument` idempotency.key_reused,
   * `aborted` idempotency.in_progress.
   */
  claim(
    principal: Principal,
    asked: { readonly key: string; readonly fingerprint: string; readonly requestId: string },
  ): Promise<Claim>;
  /**
   * Takes the key for an effect inside of a guest, before that. Throws `conflict` idempotency.outcome_unknown when the
   * request came before and its answer was not kept.
   */
  begin(claim: Claim): Promise<void>;
  /** Keeps the answer, if the request took effect and the answer is not too long. */
  keep(claim: Claim, answer: KeptAnswer): Promise<void>;
  /** Gives the key back: what was begun has been refused, and nothing came of it. */
  withdraw(claim: Claim): Promise<void>;
  /** The request is no longer being answered. To be called once for each claim without an answer. */
  release(claim: Claim): void;
}
