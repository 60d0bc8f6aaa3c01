import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createManualClock } from '../../adapters/shared/manual-clock.ts';
import type { Delivery } from '../../domain/webhook/delivery.ts';
import { sampleDelivery } from '../../ports/store-contract/samples.contract.ts';
import type { SendOutcome } from '../../ports/webhook-sender.ts';
import { createAges } from '../ages.ts';
import { ENGINE_DEFAULTS } from '../deps.ts';
import { afterTry } from './after-try.ts';

const POLICY = ENGINE_DEFAULTS.webhooks;
const HOUR_MS = 3_600_000;

function failed(at: number, retryAfterMs: number | null = null): SendOutcome {
  return { at, status: 500, error: 'status', response: 'no', durationMs: 5, retryAfterMs };
}

/** A wall clock that has never jumped. */
function moment(now: number, random: () => number) {
  return { now, ages: { before: (ageMs: number) => now - ageMs }, random };
}

const fresh: Delivery = sampleDelivery(1);

describe('a try', () => {
  it('that succeeds is the last one', () => {
    const outcome: SendOutcome = { at: 7, status: 204, error: null, response: '', durationMs: 5, retryAfterMs: null };

    expect(afterTry(fresh, outcome, moment(9, Math.random), POLICY)).toMatchObject({
      state: 'delivered',
      tries: 1,
      firstTriedAt: 7,
      nextTryAt: null,
      completedAt: 9,
      lastTry: { at: 7, status: 204 },
    });
  });

  it('is not the last one because the wall clock has jumped', () => {
    const clock = createManualClock({ startsAt: 0 });
    const ages = createAges(clock);
    const tried = { ...fresh, tries: 3, firstTriedAt: clock.now() };
    clock.jump(2 * POLICY.giveUpAfterMs);
    const now = clock.now();

    expect(afterTry(tried, failed(now), { now, ages, random: () => 0 }, POLICY).state).toBe('waiting');
  });

  it('is the last one when the same would be refused for ever', () => {
    const refused = { ...failed(5), status: 404, isFinal: true };

    expect(afterTry(fresh, refused, moment(9, Math.random), POLICY)).toMatchObject({
      ...{ state: 'dead', tries: 1, nextTryAt: null, completedAt: 9, lastTry: { status: 404, error: 'status' } },
    });
  });

  it('that is a test is never repeated', () => {
    const test = { ...fresh, kind: 'test' } as const;

    expect(
      afterTry(
        test,
        failed(0),
        moment(0, () => 0),
        POLICY,
      ).state,
    ).toBe('dead');
  });

  it.each([
    [1, null, 10_000],
    [2, null, 20_000],
    [5, null, 160_000],
    [9, null, 2_560_000],
    [10, null, HOUR_MS],
    [50, null, HOUR_MS],
    [1, 60_000, 60_000],
    [1, 5 * HOUR_MS, HOUR_MS],
  ])('number %i that fails, with Retry-After %s ms, is repeated after %i ms at most', (tries, asked, expected) => {
    const next = afterTry(
      { ...fresh, tries: tries - 1 },
      failed(0, asked),
      moment(0, () => 1),
      POLICY,
    );

    expect(next).toMatchObject({ state: 'waiting', tries, nextTryAt: expected, completedAt: null });
  });

  it('is repeated within its bounds, and not for ever, whatever the receiver says and chance has it', () => {
    const answers = fc.array(
      fc.record({
        random: fc.double({ min: 0, max: 1, noNaN: true }),
        asked: fc.option(fc.nat(10 * 24 * HOUR_MS), { nil: null }),
        tookMs: fc.nat(10_000),
      }),
      { minLength: POLICY.maxTries, maxLength: POLICY.maxTries },
    );
    fc.assert(
      fc.property(answers, (told) => {
        let delivery = fresh;
        let now = 1_000_000;
        const startedAt = now;
        for (const { random, asked, tookMs } of told) {
          expect(now - startedAt).toBeLessThanOrEqual(POLICY.giveUpAfterMs + HOUR_MS);
          const at = now;
          now += tookMs;
          delivery = afterTry(
            delivery,
            failed(at, asked),
            moment(now, () => random),
            POLICY,
          );
          if (delivery.state === 'dead') break;
          const waitMs = (delivery.nextTryAt ?? Number.NaN) - now;
          const bound = Math.min(HOUR_MS, 10_000 * 2 ** (delivery.tries - 1));
          expect(waitMs).toBeGreaterThanOrEqual(Math.min(asked ?? 0, HOUR_MS));
          expect(waitMs).toBeLessThanOrEqual(Math.max(bound, Math.min(asked ?? 0, HOUR_MS)));
          now += waitMs;
        }
        expect(delivery).toMatchObject({ state: 'dead', nextTryAt: null, completedAt: now });
        expect(delivery.tries).toBeLessThanOrEqual(POLICY.maxTries);
      }),
    );
  });
});
