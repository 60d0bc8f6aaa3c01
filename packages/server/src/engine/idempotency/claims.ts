/**
 * At most once, by the caller's key.
 *
 *   claim --> (effect, with the key in its transaction) --> keep the answer --> release
 *     |                        |                                 |
 *     |                        |                                 +-- repeated: the answer, word for word
 *     |                        +-- died here: the answer is made again from what the effect has come to
 *     +-- died here: nothing has happened, and the key is free
 *
 * That one key takes effect once is decided by the store alone: the key's row is written in the transaction of the
 * effect, and there can be one. What is remembered here of requests under way only spares them the attempt.
 */
import { VolaryError } from '../../domain/errors.ts';
import type { Effect, KeyedRequest } from '../../domain/idempotency/keyed-request.ts';
import { KEPT_BODY_LENGTH } from '../../domain/idempotency/keyed-request.ts';
import type { Principal } from '../../domain/principal/principal.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Tables } from '../../ports/store.ts';
import type { Ages } from '../ages.ts';
import type { IdempotencyApi } from '../apis/idempotency-api.ts';
import type { EngineConfig, EngineDeps } from '../deps.ts';
import type { Claim } from '../requests.ts';

type ClaimDeps = Pick<EngineDeps, 'store' | 'clock' | 'fingerprinter'> & {
  readonly config: EngineConfig;
  readonly ages: Ages;
};

/** Old keys dropped in one transaction, and transactions in one round: whoever writes meanwhile waits for one at most. */
const DROP = { rows: 500, transactions: 40 } as const;

export function createIdempotency({ store, clock, fingerprinter, config, ages }: ClaimDeps): IdempotencyApi {
  const underWay = new Map<string, Claim>();

  /** A row past its time counts as none, whether or not it has been dropped yet. */
  async function findEarlier(principal: string, key: string): Promise<KeyedRequest | null> {
    const found = await store.idempotencyKeys.get(principal, key);
    if (found === null || found.createdAt >= ages.before(config.limits.idempotencyMs)) return found;
    await store.idempotencyKeys.delete(found);
    return null;
  }

  async function look(claim: Claim): Promise<Claim> {
    const earlier = await findEarlier(claim.principal, claim.key);
    if (earlier === null) return claim;
    if (earlier.fingerprint !== claim.fingerprint) throw keyReused();
    return { ...claim, requestId: earlier.requestId, effect: earlier.effect, answer: earlier.answer };
  }

  return {
    fingerprintOf: fingerprinter.fingerprintOf,
    async claim(principal, { key, fingerprint, requestId }) {
      const claimant = claimantOf(principal);
      const place = placeOf({ principal: claimant, key });
      const claim: Claim = { principal: claimant, key, fingerprint, requestId, effect: null, answer: null };
      const first = underWay.get(place);
      if (first !== undefined) throw first.fingerprint === fingerprint ? inProgress() : keyReused();
      underWay.set(place, claim);
      try {
        const found = await look(claim);
        if (found.answer === null) underWay.set(place, found);
        else underWay.delete(place);
        return found;
      } catch (error) {
        underWay.delete(place);
        throw error;
      }
    },
    async begin(claim) {
      if (claim.effect !== null) throw outcomeUnknown();
      await bindKey(store, clock, claim, { kind: 'guest' });
    },
    async keep(claim, answer) {
      if (answer.body.length <= KEPT_BODY_LENGTH) await store.idempotencyKeys.keepAnswer(claim, answer);
    },
    withdraw: (claim) => store.idempotencyKeys.delete(claim),
    release(claim) {
      const place = placeOf(claim);
      if (underWay.get(place) === claim) underWay.delete(place);
    },
  };
}

/**
 * Takes the claim's key for this effect, by the tables of the effect's own transaction. Throws, and so undoes that, when
 * another request has taken it meanwhile: `aborted` idempotency.in_progress, `invalid_argument` idempotency.key_reused.
 */
export async function bindKey(
  { idempotencyKeys }: Pick<Tables, 'idempotencyKeys'>,
  clock: Clock,
  claim: Claim | undefined,
  effect: Effect,
): Promise<void> {
  if (claim === undefined) return;
  const { principal, key, fingerprint, requestId } = claim;
  const taken = { principal, key, fingerprint, requestId, effect, createdAt: clock.now(), answer: null };
  if (await idempotencyKeys.insert(taken)) return;
  const other = await idempotencyKeys.get(principal, key);
  throw other === null || other.fingerprint === fingerprint ? inProgress() : keyReused();
}

/** Drops keys whose time is over; a bounded number of them, in short transactions. */
export async function dropOldKeys({ store, config, ages }: Omit<ClaimDeps, 'clock' | 'fingerprinter'>): Promise<void> {
  const createdBefore = ages.before(config.limits.idempotencyMs);
  for (let i = 0; i < DROP.transactions; i++) {
    if ((await store.idempotencyKeys.deleteOld({ createdBefore, limit: DROP.rows })) < DROP.rows) return;
  }
}

/** `conflict` idempotency.outcome_unknown. */
export function outcomeUnknown(): VolaryError {
  return new VolaryError(
    'conflict',
    'A request with this Idempotency-Key was begun, and nobody knows what came of it. Look, then send it with a new key.',
    { reason: 'idempotency.outcome_unknown' },
  );
}

/** An API key may be allowed less than whose it is: what others of theirs were answered is none of its business. */
function claimantOf({ name, credential: { kind, id } }: Principal): string {
  return kind === 'api_key' && id !== null ? `${name} ${id}` : name;
}

function placeOf({ principal, key }: Pick<Claim, 'principal' | 'key'>): string {
  return JSON.stringify([principal, key]);
}

function inProgress(): VolaryError {
  return new VolaryError('aborted', 'The first request with this Idempotency-Key is still being answered.', {
    reason: 'idempotency.in_progress',
  });
}

function keyReused(): VolaryError {
  return new VolaryError('invalid_argument', 'This Idempotency-Key was used for another request.', {
    reason: 'idempotency.key_reused',
  });
}
