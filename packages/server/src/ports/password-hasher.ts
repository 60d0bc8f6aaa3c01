/**
 * Hashes passwords. This is expensive on purpose: it runs off the event loop, few at a time and in the order of the
 * calls, so that logins never delay other requests.
 */
export interface PasswordHasher {
  /**
   * The hash of this password as a PHC string, with a new salt each time. Passwords that are equal in Unicode's NFKC
   * form are equal. Throws `resource_exhausted` auth.too_many_logins if too many calls are waiting already.
   */
  hash(password: string): Promise<string>;
  /**
   * Whether this is the password. Takes the same time if it is wrong, and if there is none (`kept` is null: always
   * false), so that the time reveals nothing. Throws as `hash`; `data_loss` auth.damaged_hash if `kept` is not a hash.
   */
  verify(password: string, kept: string | null): Promise<boolean>;
  /** Whether `kept` uses an outdated algorithm or cost, and should be replaced when the password is known. */
  needsRehash(kept: string): boolean;
}
