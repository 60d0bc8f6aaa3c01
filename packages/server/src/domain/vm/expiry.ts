import { VolaryError } from '../errors.ts';
import type { EpochMs } from '../time.ts';

/** When a VM is deleted by itself. */
export interface Expiry {
  readonly at: EpochMs;
  /** When it was told that this is near; null: not yet. */
  readonly toldAt: EpochMs | null;
}

/** How long a VM is to live: from now on, or until a moment. */
export type Lifetime = { readonly ttlSeconds: number } | { readonly expiresAt: EpochMs };

/** Ten years. */
export const LONGEST_TTL_SECONDS = 315_360_000;

/** The moment at which that lifetime ends. Throws `invalid_argument` vm.invalid_expiry. */
export function expiryOf(lifetime: Lifetime, now: EpochMs): Expiry {
  const at = 'expiresAt' in lifetime ? lifetime.expiresAt : now + lifetime.ttlSeconds * 1000;
  if (Number.isSafeInteger(at) && at > now && at <= now + LONGEST_TTL_SECONDS * 1000) return { at, toldAt: null };
  const field = 'expiresAt' in lifetime ? 'expires_at' : 'ttl_seconds';
  throw new VolaryError('invalid_argument', `${field} must lie in the future, and at most ten years from now.`, {
    reason: 'vm.invalid_expiry',
    details: { field, allowed: 'a moment in the next ten years' },
  });
}
