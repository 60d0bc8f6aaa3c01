/**
 * Slows those down who guess passwords, codes and keys, without shutting out whoever owns them.
 *
 * A try is counted before it is known how it ends, so that a thousand at once are no way around. It is counted three times: for
 * the account from this address, for the address alone (one password tried on many accounts), and for the account from
 * anywhere (many addresses). Each allows some tries at once; after those it asks for a wait that doubles with each further one,
 * and counts less again as time passes. Addresses from which the account was entered before are not held to the third: so
 * its owner gets in from a known place whatever others do elsewhere.
 */
import { VolaryError } from '../../domain/errors.ts';
import { networkNameOf } from '../../lib/ip-address.ts';
import type { Clock } from '../../ports/clock.ts';

/** How many tries are free, and how the wait after them grows. */
export interface GuessPolicy {
  readonly freeTries: number;
  readonly firstDelayMs: number;
  readonly longestDelayMs: number;
  /** One try is forgotten after each such time without any. */
  readonly forgetOneMs: number;
}

/** What is remembered of one who tries. Pure: `tryAgain` and `forgiven` make the next one. */
export interface Tries {
  readonly count: number;
  readonly lastMs: number;
}

export const GUESS_POLICIES = {
  /** One account from one address: a person who mistypes. */
  accountAtAddress: { freeTries: 5, firstDelayMs: 1_000, longestDelayMs: 15 * 60_000, forgetOneMs: 15 * 60_000 },
  /** One address, whatever account: an office shares one. */
  address: { freeTries: 30, firstDelayMs: 1_000, longestDelayMs: 5 * 60_000, forgetOneMs: 60_000 },
  /** One account from addresses that it was never entered from. */
  account: { freeTries: 20, firstDelayMs: 1_000, longestDelayMs: 60 * 60_000, forgetOneMs: 15 * 60_000 },
} as const satisfies Record<string, GuessPolicy>;

/** How long this one has to wait before it may try again; 0: not at all. */
export function delayOf(policy: GuessPolicy, tries: Tries | undefined, nowMs: number): number {
  if (tries === undefined) return 0;
  const over = fadedCount(policy, tries, nowMs) - policy.freeTries;
  if (over < 0) return 0;
  // Past 2^30 the longest delay has been reached whatever it is.
  const delayMs = Math.min(policy.longestDelayMs, policy.firstDelayMs * 2 ** Math.min(over, 30));
  return Math.max(0, tries.lastMs + delayMs - nowMs);
}

/** One more try, at this moment. */
export function tryAgain(policy: GuessPolicy, tries: Tries | undefined, nowMs: number): Tries {
  return { count: (tries === undefined ? 0 : fadedCount(policy, tries, nowMs)) + 1, lastMs: nowMs };
}

function fadedCount({ forgetOneMs }: GuessPolicy, { count, lastMs }: Tries, nowMs: number): number {
  return Math.max(0, count - Math.floor((nowMs - lastMs) / forgetOneMs));
}

/** Who tries what. */
export interface Guess {
  /** What is to be entered: a user's name or e-mail as it was given, or an id. Whether it exists makes no difference here. */
  readonly account: string;
  /** From where; null: it is not known, and all such count as one place. */
  readonly address: string | null;
}

export interface GuessLimits {
  /**
   * To be called before anything is compared; counts as a failure until `succeeded` is called. Throws `resource_exhausted`
   * auth.too_many_attempts, with `retry_after_ms`, without counting: who goes on asking is not made to wait longer.
   */
  begin(guess: Guess): void;
  /** The guess was right: what was held against this account from there is forgotten, and the address is known to it. */
  succeeded(guess: Guess): void;
}

/** What may be remembered of each kind; past that the one that tried longest ago is forgotten. */
const MOST_ENTRIES = 50_000;

export function createGuessLimits(
  { clock }: { readonly clock: Clock },
  { maxEntries = MOST_ENTRIES }: { readonly maxEntries?: number } = {},
): GuessLimits {
  const { accountAtAddress, address, account } = GUESS_POLICIES;
  const pairs = createMemory<Tries>(maxEntries);
  const addresses = createMemory<Tries>(maxEntries);
  const accounts = createMemory<Tries>(maxEntries);
  const known = createMemory<true>(maxEntries);

  function countsFor(guess: Guess) {
    const pair = pairOf(guess);
    const all = [
      { policy: accountAtAddress, memory: pairs, key: pair },
      { policy: address, memory: addresses, key: placeOf(guess) },
    ];
    return known.get(pair) === true ? all : [...all, { policy: account, memory: accounts, key: accountOf(guess) }];
  }

  return {
    begin(guess) {
      const nowMs = clock.monotonicMs();
      const counts = countsFor(guess);
      const delayMs = Math.max(...counts.map(({ policy, memory, key }) => delayOf(policy, memory.get(key), nowMs)));
      if (delayMs > 0) throw tooMany(delayMs);
      for (const { policy, memory, key } of counts) memory.set(key, tryAgain(policy, memory.get(key), nowMs));
    },
    succeeded(guess) {
      const pair = pairOf(guess);
      const isNew = known.get(pair) !== true;
      pairs.delete(pair);
      takeBack(addresses, placeOf(guess));
      if (isNew) takeBack(accounts, accountOf(guess));
      known.set(pair, true);
    },
  };
}

/** The try that `begin` has counted was none. */
function takeBack(memory: Memory<Tries>, key: string): void {
  const tries = memory.get(key);
  if (tries !== undefined) memory.set(key, { ...tries, count: Math.max(0, tries.count - 1) });
}

function tooMany(delayMs: number): VolaryError {
  const seconds = Math.ceil(delayMs / 1000);
  return new VolaryError('resource_exhausted', `Too many attempts; try again in ${seconds} s.`, {
    reason: 'auth.too_many_attempts',
    details: { retry_after_ms: Math.ceil(delayMs) },
  });
}

function accountOf({ account }: Guess): string {
  return account.toLowerCase();
}

function placeOf({ address }: Guess): string {
  return address === null ? '' : networkNameOf(address);
}

/** No address has a space in it. */
function pairOf(guess: Guess): string {
  return `${placeOf(guess)} ${accountOf(guess)}`;
}

interface Memory<T> {
  get(key: string): T | undefined;
  set(key: string, value: T): void;
  delete(key: string): void;
}

/** Keeps so many; the one that was set longest ago goes first. */
function createMemory<T>(maxEntries: number): Memory<T> {
  const entries = new Map<string, T>();
  return {
    get: (key) => entries.get(key),
    set(key, value) {
      entries.delete(key);
      entries.set(key, value);
      for (const oldest of entries.keys()) {
        if (entries.size <= maxEntries) return;
        entries.delete(oldest);
      }
    },
    delete: (key) => void entries.delete(key),
  };
}
