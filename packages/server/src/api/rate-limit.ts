import type { FastifyReply, FastifyRequest } from 'fastify';
import { VolaryError } from '../domain/errors.ts';
import type { Principal } from '../domain/principal/principal.ts';
import type { Engine } from '../engine/engine.ts';

type Verdict = NonNullable<Awaited<ReturnType<Engine['rateLimits']['count']>>>;

/**
 * Counts a request to a face, and has its answer, whatever that will be, tell how many more are allowed. Calls back with
 * `resource_exhausted` rate.limited when there were too many, else with `fault`: what is wrong with the request anyway. So guessing keys is
 * counted as well, by address.
 */
export function countRequest(
  { rateLimits }: Pick<Engine, 'rateLimits'>,
  face: string,
  { request, reply, principal, fault }: CountedRequest,
  done: (error?: Error) => void,
): void {
  const verdict = rateLimits.count(face, { principal, address: request.origin.address });
  // At once, where it can be: a promise less for each request.
  if (verdict === null) done(fault ?? undefined);
  else if (verdict instanceof Promise) verdict.then(settle, done);
  else settle(verdict);

  function settle(counted: Verdict): void {
    tell(reply, counted);
    done(counted.isAllowed ? (fault ?? undefined) : tooMany(counted));
  }
}

export interface CountedRequest {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  /** Null when nobody has shown who asks. */
  readonly principal: Principal | null;
  readonly fault: Error | null;
}

/** `X-RateLimit-Remaining` may be above the limit: that is the rate, and the bucket holds the burst as well. */
function tell(reply: FastifyReply, { limit, remaining, resetAt }: Verdict): void {
  reply.header('x-ratelimit-limit', String(limit));
  reply.header('x-ratelimit-remaining', String(remaining));
  reply.header('x-ratelimit-reset', String(Math.ceil(resetAt / 1000)));
}

function tooMany({ limit, retryAfterMs }: Verdict): VolaryError {
  return new VolaryError('resource_exhausted', `More than ${limit} requests a minute; ask less often.`, {
    reason: 'rate.limited',
    details: { limit_per_minute: limit, retry_after_ms: Math.ceil(retryAfterMs) },
  });
}
