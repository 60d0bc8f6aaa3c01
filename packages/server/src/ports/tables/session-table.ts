import type { SessionId, UserId } from '../../domain/ids.ts';
import type { Session, SessionEnd } from '../../domain/session/session.ts';
import type { SigningKey } from '../../domain/session/signing-key.ts';
import type { EpochMs } from '../../domain/time.ts';
import type { PageRequest } from '../requests.ts';

/** What logins have opened, in the order they did. */
export interface SessionTable {
  /** Throws `conflict` store.constraint when its user is not there. */
  insert(session: Session): Promise<void>;
  get(id: SessionId): Promise<Session | null>;
  /** Those that nobody ended, that end after `live.at`, and that were used after `live.usedAfter`. */
  list(
    page: PageRequest<SessionId> & {
      readonly owner?: string;
      readonly live: { readonly at: EpochMs; readonly usedAfter: EpochMs };
    },
  ): Promise<readonly Session[]>;
  /** Writes the row if its revision is still `session.revision - 1`; throws `conflict` store.revision otherwise. */
  update(session: Session): Promise<void>;
  /** Ends those of the user that nobody has ended, but not `except`. Returns how many. */
  endAllOf(userId: UserId, end: SessionEnd, except: SessionId | null): Promise<number>;
  /** Ends those of the user that nobody has ended, but not the `keep` that were used last. Returns how many. */
  endBeyond(userId: UserId, keep: number, end: SessionEnd): Promise<number>;
  /** Removes those whose last possible end was before this moment, at most `limit` of them. Returns how many. */
  deleteOld(which: { readonly expiredBefore: EpochMs; readonly limit: number }): Promise<number>;
}

/** The keys of tokens: a handful. */
export interface SigningKeyTable {
  insert(key: SigningKey): Promise<void>;
  /** All, by when they begin to sign. */
  list(): Promise<readonly SigningKey[]>;
  /** Puts what has been sealed anew in the place of what is there. */
  reseal(keyId: string, sealedPrivateKey: string): Promise<void>;
  delete(keyId: string): Promise<void>;
}
