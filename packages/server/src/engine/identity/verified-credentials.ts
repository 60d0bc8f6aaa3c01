import type { Principal } from '../../domain/principal/principal.ts';
import type { EpochMs } from '../../domain/time.ts';
import type { IdentityEpoch } from './identity-epoch.ts';

/** What a credential was found to stand for. */
export interface Verified extends Pick<Principal, 'name' | 'rights' | 'credential'> {
  /** Null: it does not end by itself. */
  readonly expiresAt: EpochMs | null;
}

/** Those that were found good, so that most requests are authenticated without the database; bounded in number. */
export interface VerifiedCredentials<T extends Verified> {
  /** What is known of the credential with this digest; null if nothing is, or it is over. */
  get(digest: string, now: EpochMs): T | null;
  /** Keeps what was found out since `epoch`, unless something has changed since. What was refused is never kept. */
  keep(digest: string, verified: T, epoch: number): void;
}

/** Credentials kept; the one that was kept first goes for a new one. */
const CAPACITY = 4_096;

export function createVerifiedCredentials<T extends Verified>(
  epoch: IdentityEpoch,
  capacity: number = CAPACITY,
): VerifiedCredentials<T> {
  const known = new Map<string, T>();
  let knownSince = epoch.current();

  /** Any change may be about any of them, and changes are few. */
  function forgetWhatMayHaveChanged(): void {
    if (knownSince === epoch.current()) return;
    known.clear();
    knownSince = epoch.current();
  }

  return {
    get(digest, now) {
      forgetWhatMayHaveChanged();
      const verified = known.get(digest);
      if (verified === undefined) return null;
      if (verified.expiresAt === null || now < verified.expiresAt) return verified;
      known.delete(digest);
      return null;
    },
    keep(digest, verified, lookedAt) {
      forgetWhatMayHaveChanged();
      if (lookedAt !== knownSince) return;
      const [first] = known.size >= capacity ? known.keys() : [];
      if (first !== undefined) known.delete(first);
      known.set(digest, verified);
    },
  };
}
