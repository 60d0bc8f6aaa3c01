import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createManualClock } from '../adapters/shared/manual-clock.ts';
import { createAges } from './ages.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

it('is what the wall clock says as long as that does not jump, however it is slewed', async () => {
  const clock = createManualClock();
  const ages = createAges(clock);

  for (let i = 0; i < 100; i++) {
    await clock.advance(60_000);
    clock.jump(i % 2 === 0 ? 30 : -20);
    expect(ages.before(DAY_MS)).toBe(clock.now() - DAY_MS);
  }
});

it('is held back by what the clock has jumped ahead, until that was as long ago as is asked', async () => {
  const clock = createManualClock();
  const ages = createAges(clock);
  const storedAt = clock.now();
  await clock.advance(HOUR_MS);

  clock.jump(30 * DAY_MS);
  expect(ages.before(DAY_MS)).toBeLessThan(storedAt);
  await clock.advance(DAY_MS - HOUR_MS - 1);
  expect(ages.before(DAY_MS)).toBeLessThan(storedAt);
  await clock.advance(1);
  expect(ages.before(DAY_MS)).toBe(storedAt);
  await clock.advance(HOUR_MS);
  expect(ages.before(DAY_MS)).toBe(clock.now() - DAY_MS);
});

it('lets nothing look older than it is, and all be old in the end, however the clock jumps', async () => {
  const step = fc.record({ passMs: fc.nat(2 * DAY_MS), jumpMs: fc.integer({ min: -3 * DAY_MS, max: 3 * DAY_MS }) });
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 30 }),
      fc.integer({ min: HOUR_MS, max: 4 * DAY_MS }),
      async (steps, ageMs) => {
        const clock = createManualClock();
        const ages = createAges(clock);
        const stored: { readonly at: number; readonly inTruthMs: number }[] = [];
        for (const { passMs, jumpMs } of steps) {
          stored.push({ at: clock.now(), inTruthMs: clock.monotonicMs() });
          await clock.advance(passMs);
          clock.jump(jumpMs);
          const before = ages.before(ageMs);
          const dropped = stored.filter(({ at }) => at <= before);
          // A clock that is slewed by less than a second between two looks is believed.
          const isOld = ({ inTruthMs }: { inTruthMs: number }) =>
            clock.monotonicMs() - inTruthMs >= ageMs - 1_000 * steps.length;
          expect(dropped.every(isOld)).toBe(true);
        }
        const last = Math.max(clock.now(), ...stored.map(({ at }) => at));
        await clock.advance(ageMs + last - clock.now());
        expect(ages.before(ageMs)).toBeGreaterThanOrEqual(last);
      },
    ),
    { numRuns: 300 },
  );
});
