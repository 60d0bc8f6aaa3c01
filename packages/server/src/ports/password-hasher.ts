/**
 * Turns passwords into what is kept of them. The work is heavy on purpose: it is done off the event loop, few at a time and in the order
 * that it was asked for, so that logins never hold up other requests.
 */
export interface PasswordHasher {
  /**
   * What is kept of this password, as a PHC string: another one each time. Passwords that Unicode holds to be the same (NFKC) are the same.
   * Throws `resource_exhausted` auth.too_many_logins when too many wait already.
   */
  hash(password: string): Promise<string>;
  /**
   * Whether this is the password. Takes the same time if it is not, and if there is none (`kept` is null: then it never is), so that the
   * time does not tell which. Throws as `hash`; `data_loss` auth.damaged_hash if `kept` cannot be one.
   */
  verify(password: string, kept: string | null): Promise<boolean>;
  /** Whether `kept` was made in a way, or with an effort, that is not today's: to be made again when the password is known. */
  needsRehash(kept: string): boolean;
}
