import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createManualClock, type ManualClock } from '../../adapters/shared/manual-clock.ts';
import { VolaryError } from '../../domain/errors.ts';
import { createGuessLimits, delayOf, GUESS_POLICIES, type Guess, type GuessLimits, tryAgain } from './guess-limits.ts';

const HOUR_MS = 3_600_000;
const POLICY = { freeTries: 3, firstDelayMs: 1_000, longestDelayMs: 8_000, forgetOneMs: 60_000 };

describe('the wait before a try', () => {
  it('is none for the first, then doubles up to the longest', () => {
    let tries: ReturnType<typeof tryAgain> | undefined;
    let nowMs = 0;
    const delays = Array.from({ length: 9 }, () => {
      const delayMs = delayOf(POLICY, tries, nowMs);
      nowMs += delayMs;
      tries = tryAgain(POLICY, tries, nowMs);
      return delayMs;
    });

    expect(delays).toEqual([0, 0, 0, 1_000, 2_000, 4_000, 8_000, 8_000, 8_000]);
  });

  it('shrinks as time passes, and is gone in the end', () => {
    const tries = { count: 5, lastMs: 0 };

    expect(delayOf(POLICY, tries, 0)).toBe(4_000);
    expect(delayOf(POLICY, tryAgain(POLICY, tries, 60_000), 60_000)).toBe(4_000);
    expect(tryAgain(POLICY, tries, 5 * 60_000)).toEqual({ count: 1, lastMs: 300_000 });
  });

  it('is never longer than the longest, nor less than nothing', () => {
    fc.assert(
      fc.property(fc.nat(1e6), fc.nat(1e9), fc.nat(1e9), (count, lastMs, laterMs) => {
        const delayMs = delayOf(POLICY, { count, lastMs }, lastMs + laterMs);

        expect(delayMs).toBeGreaterThanOrEqual(0);
        expect(delayMs).toBeLessThanOrEqual(POLICY.longestDelayMs);
      }),
    );
  });
});

/** Wrong guesses, each after the wait that it is told of, for so long. Returns how many got through. */
async function guessFor(
  durationMs: number,
  { clock, limits, next }: { clock: ManualClock; limits: GuessLimits; next: (i: number) => Guess },
): Promise<number> {
  const endMs = clock.monotonicMs() + durationMs;
  let count = 0;
  while (clock.monotonicMs() < endMs) {
    const delayMs = waitFor(limits, next(count));
    if (delayMs === 0) count += 1;
    await clock.advance(Math.max(delayMs, 1));
  }
  return count;
}

/** How long it has to wait; 0: the guess was let through. */
function waitFor(limits: GuessLimits, guess: Guess): number {
  try {
    limits.begin(guess);
    return 0;
  } catch (error) {
    if (!(error instanceof VolaryError) || error.reason !== 'auth.too_many_attempts') throw error;
    return Number(error.details['retry_after_ms']);
  }
}

describe('guessing', () => {
  it('gets a thousand at once from one address to a handful of tries', () => {
    const limits = createGuessLimits({ clock: createManualClock() });
    const delays = Array.from({ length: 1_000 }, () => waitFor(limits, { account: 'ann', address: '192.0.2.1' }));

    expect(delays.filter((delayMs) => delayMs === 0)).toHaveLength(GUESS_POLICIES.accountAtAddress.freeTries);
  });

  it('of one account from one address comes to some tries an hour', async () => {
    const clock = createManualClock();
    const limits = createGuessLimits({ clock });
    const count = await guessFor(24 * HOUR_MS, {
      clock,
      limits,
      next: () => ({ account: 'ann', address: '192.0.2.1' }),
    });

    expect(count).toBeLessThan(24 * 10);
  });

  it('of one account from ever new addresses is slowed down as well', async () => {
    const clock = createManualClock();
    const limits = createGuessLimits({ clock });
    const next = (i: number) => ({ account: 'ann', address: `2001:db8:0:${i.toString(16)}::1` });

    expect(await guessFor(24 * HOUR_MS, { clock, limits, next })).toBeLessThan(24 * 10);
  });

  it('from one network of IPv6 is guessing from one address', () => {
    const limits = createGuessLimits({ clock: createManualClock() });
    const delays = Array.from({ length: 50 }, (_, i) =>
      waitFor(limits, { account: 'ann', address: `2001:db8::${i.toString(16)}` }),
    );

    expect(delays.filter((delayMs) => delayMs === 0)).toHaveLength(GUESS_POLICIES.accountAtAddress.freeTries);
  });

  it('of ever new accounts from one address is slowed down as well', async () => {
    const clock = createManualClock();
    const limits = createGuessLimits({ clock });
    const next = (i: number) => ({ account: `user-${i}`, address: '192.0.2.1' });

    expect(await guessFor(HOUR_MS, { clock, limits, next })).toBeLessThan(200);
  });

  it('elsewhere never shuts the owner out from where the account was entered before', async () => {
    const clock = createManualClock();
    const limits = createGuessLimits({ clock });
    const home = { account: 'ann', address: '198.51.100.7' };
    limits.begin(home);
    limits.succeeded(home);
    await guessFor(HOUR_MS, { clock, limits, next: (i) => ({ account: 'ann', address: `203.0.113.${i % 250}` }) });

    waitFor(limits, { account: 'ann', address: '203.0.113.251' });
    expect(waitFor(limits, { account: 'ann', address: '203.0.113.252' })).toBeGreaterThan(0);
    expect(waitFor(limits, home)).toBe(0);
  });

  it('at the same place holds nobody up for longer than the longest wait', async () => {
    const clock = createManualClock();
    const limits = createGuessLimits({ clock });
    const home = { account: 'ann', address: '198.51.100.7' };
    await guessFor(24 * HOUR_MS, { clock, limits, next: () => home });
    await clock.advance(GUESS_POLICIES.account.longestDelayMs);

    expect(waitFor(limits, home)).toBe(0);
  });

  it('is not held against somebody who got in, but against others at that address', () => {
    const limits = createGuessLimits({ clock: createManualClock() });
    const home = { account: 'ann', address: '198.51.100.7' };
    for (let i = 0; i < 100; i++) {
      limits.begin(home);
      limits.succeeded(home);
    }
    for (let i = 0; i < GUESS_POLICIES.address.freeTries; i++) limits.begin({ ...home, account: `user-${i}` });

    expect(waitFor(limits, { ...home, account: 'another' })).toBeGreaterThan(0);
  });

  it('is one account whatever its letters, and no other for them', () => {
    const limits = createGuessLimits({ clock: createManualClock() });
    for (let i = 0; i < 5; i++) limits.begin({ account: i % 2 === 0 ? 'Ann' : 'ann', address: null });

    expect(waitFor(limits, { account: 'ANN', address: null })).toBeGreaterThan(0);
    expect(waitFor(limits, { account: 'bob', address: null })).toBe(0);
  });

  it('fills no memory', () => {
    const clock = createManualClock();
    const limits = createGuessLimits({ clock }, { maxEntries: 10 });
    for (let i = 0; i < 5; i++) limits.begin({ account: 'ann', address: '192.0.2.1' });
    for (let i = 0; i < 10; i++) limits.begin({ account: `other-${i}`, address: `192.0.2.${i + 2}` });

    expect(waitFor(limits, { account: 'ann', address: '192.0.2.1' })).toBe(0);
  });
});
