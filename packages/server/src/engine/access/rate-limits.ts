import type { Principal } from '../../domain/principal/principal.ts';
import { networkNameOf } from '../../lib/ip-address.ts';
import { createSlidingWindows } from '../../lib/sliding-windows.ts';
import type { Clock } from '../../ports/clock.ts';
import type { RateLimiter, RatePolicy, RateVerdict } from '../../ports/rate-limiter.ts';

const SECOND_MS = 1_000;

/** What a face allows one caller. */
export interface FacePolicy extends RatePolicy {
  /** In any second; counted by each server for itself. Absent: as many as there are tokens. */
  readonly perSecond?: number;
}

/** By the name of the face; null, or no entry: it is not limited. */
export type RatePolicies = Readonly<Record<string, FacePolicy | null>>;

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

export function createRateLimits(
  { rateLimiter: limiter, clock }: { readonly rateLimiter: RateLimiter; readonly clock: Clock },
  policies: RatePolicies,
): RateLimits {
  const windows = createSlidingWindows(SECOND_MS);
  return {
    count(face, caller) {
      const policy = policies[face] ?? null;
      if (policy === null) return null;
      const name = `${face}:${bucketOf(caller)}`;
      const { perSecond = Number.POSITIVE_INFINITY, ...rest } = policy;
      const waitMs = perSecond === Number.POSITIVE_INFINITY ? 0 : windows.enter(name, perSecond, clock.monotonicMs());
      // One that comes too fast takes nothing of what there is for the minute.
      return waitMs === 0 ? limiter.take(name, 1, rest) : refused(limiter.take(name, 0, rest), waitMs);
    },
    whyAlone: () => limiter.whyAlone(),
  };
}

function refused(
  verdict: RateVerdict | Promise<RateVerdict>,
  retryAfterMs: number,
): RateVerdict | Promise<RateVerdict> {
  const refuse = (counted: RateVerdict): RateVerdict => ({ ...counted, isAllowed: false, retryAfterMs });
  return verdict instanceof Promise ? verdict.then(refuse) : refuse(verdict);
}

/** Programs have keys of their own: one that asks too often takes nothing from its owner's others. */
function bucketOf({ principal, address }: Caller): string {
  if (principal === null) return `address:${address === null ? '' : networkNameOf(address)}`;
  const { name, credential } = principal;
  return credential.kind === 'api_key' && credential.id !== null ? `key:${credential.id}` : `user:${name}`;
}
