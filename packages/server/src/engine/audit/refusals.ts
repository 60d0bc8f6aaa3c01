/**
 * What was refused, or failed. It has no transaction to be written in, so it is written soon after, many at a time.
 *
 *   refused --> a few from one place?  yes: an entry of its own
 *                                      no:  counted, and written once a minute as one entry with `details.count`
 *
 * Whoever sends requests to be refused must not be able to fill the disk: entries of their own are limited for each source (a user, or
 * the network of an address where nobody is known), and for all sources together; so is the number of sums. All that is counted is written
 * in the end, with nothing lost but what told one from another.
 */
import type { AuditTarget, NewAuditEntry } from '../../domain/audit/audit.ts';
import { resultOf } from '../../domain/audit/audit.ts';
import type { VolaryError } from '../../domain/errors.ts';
import type { Principal } from '../../domain/principal/principal.ts';
import { networkNameOf } from '../../lib/ip-address.ts';
import { type Bucket, takeTokens } from '../../lib/token-bucket.ts';
import { createTrouble } from '../../lib/trouble.ts';
import type { EngineDeps } from '../deps.ts';
import { createSums } from './sums.ts';

/** A request that nothing came of. */
export interface Refusal {
  readonly action: string;
  readonly target: AuditTarget;
  readonly error: Pick<VolaryError, 'code' | 'reason' | 'details'>;
}

export interface Refusals {
  /** Notes it; it is written within a second. */
  note(principal: Principal, refusal: Refusal): void;
  /** Writes what has been noted so far; sums too, when their minute is over or if they are asked for. */
  flush(options?: { readonly sums: boolean }): Promise<void>;
  /** Writes again and again, until the signal is aborted. */
  run(options: { readonly signal: AbortSignal }): Promise<void>;
}

const MINUTE_MS = 60_000;
const FLUSH_MS = 500;
/** Entries of its own that one source gets at once, and how soon it gets another. */
const PER_SOURCE: Bucket = { capacity: 200, msPerToken: MINUTE_MS / 10 };
/** The same for all together: some 40,000 a day at most, however many there are that send. */
const ALL_TOGETHER: Bucket = { capacity: 2_000, msPerToken: MINUTE_MS / 30 };
/** Sources that are remembered. One that is forgotten begins anew, but all together do not. */
const MOST_SOURCES = 4_096;
const BATCH = 200;

export function createRefusals({ store, clock, log }: Pick<EngineDeps, 'store' | 'clock' | 'log'>): Refusals {
  const sources = new Map<string, number>();
  const sums = createSums();
  let allFullAtMs: number | null = null;
  let pending: NewAuditEntry[] = [];
  let sumsSinceMs = clock.monotonicMs();
  let writing = Promise.resolve();

  function mayStandAlone(source: string): boolean {
    const nowMs = clock.monotonicMs();
    const own = takeTokens(PER_SOURCE, { fullAtMs: sources.get(source) ?? null, nowMs, cost: 1 });
    if (!own.isAllowed) return false;
    const all = takeTokens(ALL_TOGETHER, { fullAtMs: allFullAtMs, nowMs, cost: 1 });
    if (!all.isAllowed) return false;
    allFullAtMs = all.fullAtMs;
    sources.delete(source);
    sources.set(source, own.fullAtMs);
    const [oldest] = sources.keys();
    if (sources.size > MOST_SOURCES && oldest !== undefined) sources.delete(oldest);
    return true;
  }

  async function write({ sums: isAsked }: { readonly sums: boolean }): Promise<void> {
    const isTime = isAsked || clock.monotonicMs() - sumsSinceMs >= MINUTE_MS;
    if (isTime) {
      pending.push(...sums.take());
      sumsSinceMs = clock.monotonicMs();
    }
    while (pending.length > 0) {
      const batch = pending.slice(0, BATCH);
      await store.audit.append(batch);
      pending = pending.slice(batch.length);
    }
  }

  function flush(options = { sums: false }): Promise<void> {
    // One after the other: an entry that is being written must not be written by two.
    const written = writing.then(() => write(options));
    writing = written.catch(() => undefined);
    return written;
  }

  return {
    note(principal, refusal) {
      const entry = toEntry(principal, refusal, clock.now());
      if (mayStandAlone(sourceOf(principal))) pending.push(entry);
      else sums.add(entry);
    },
    flush,
    async run({ signal }) {
      const trouble = createTrouble({
        begins: (error) => log.error('what was refused cannot be written down', { error }),
      });
      while (!signal.aborted) {
        try {
          await clock.sleep(FLUSH_MS, { signal });
          await flush();
          trouble.recovered();
        } catch (error) {
          if (!signal.aborted) trouble.failed(error);
        }
      }
      await flush({ sums: true }).catch((error: unknown) => log.warn('refusals were not written down', { error }));
    },
  };
}

/** Somebody who is known is one source wherever they are; others are told apart by where they come from. */
function sourceOf({ kind, name, origin }: Principal): string {
  if (kind !== 'nobody') return `user:${name}`;
  return `address:${origin.address === null ? '' : networkNameOf(origin.address)}`;
}

function toEntry({ name, credential, origin }: Principal, refusal: Refusal, at: number): NewAuditEntry {
  const { action, target, error } = refusal;
  const { required_permission: permission } = error.details;
  return {
    at,
    principal: name,
    credential,
    address: origin.address,
    requestId: origin.requestId,
    ...{ action, target },
    result: resultOf(error),
    reason: error.reason,
    details: typeof permission === 'string' ? { required_permission: permission } : {},
  };
}
