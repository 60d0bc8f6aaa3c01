import type { Principal } from '../../domain/principal/principal.ts';
import { networkNameOf } from '../../lib/ip-address.ts';
import type { RateLimiter, RatePolicy, RateVerdict } from '../../ports/rate-limiter.ts';

/** What each face allows one caller, by the name of the face; null, or no entry: it is not limited. */
export type RatePolicies = Readonly<Record<string, RatePolicy | null>>;

/** Who asks. */
export interface Caller {
  /** Null as long as nobody knows, or when nobody is believed: then it goes by the address. */
  readonly principal: Principal | null;
  readonly address: string | null;
}

export interface RateLimits {
  /** Counts one request to a face. Null where that is not limited. Answers at once unless it counts together with others. Never throws. */
  count(face: string, caller: Caller): RateVerdict | Promise<RateVerdict> | null;
  /** Null, or a sentence that says what is not as it was configured. */
  whyAlone(): string | null;
}

export function createRateLimits(limiter: RateLimiter, policies: RatePolicies): RateLimits {
  return {
    count(face, caller) {
      const policy = policies[face] ?? null;
      return policy === null ? null : limiter.take(`${face}:${bucketOf(caller)}`, 1, policy);
    },
    whyAlone: () => limiter.whyAlone(),
  };
}

/** Programs have keys of their own: one that asks too often takes nothing from its owner's others. */
function bucketOf({ principal, address }: Caller): string {
  if (principal === null) return `address:${address === null ? '' : networkNameOf(address)}`;
  const { name, credential } = principal;
  return credential.kind === 'api_key' && credential.id !== null ? `key:${credential.id}` : `user:${name}`;
}
