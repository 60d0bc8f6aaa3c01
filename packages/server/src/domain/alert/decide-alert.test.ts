import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ALERT_DEFAULTS } from './alert.ts';
import { type AlertProgress, type AlertRule, afterFigure, FIRING, QUIET, ruleOf } from './decide-alert.ts';

const RULE: AlertRule = { fireAt: 90, resolveBelow: 80, forMs: 60 };

const anyRule = fc
  .record({ fireAt: fc.integer({ min: 1, max: 100 }), margin: fc.nat(50), forMs: fc.nat(200) })
  .map(({ fireAt, margin, forMs }): AlertRule => ({ fireAt, resolveBelow: fireAt - margin, forMs }));
/** Figures with the time since the one before. */
const anyFigures = fc.array(
  fc.record({ value: fc.option(fc.integer({ min: 0, max: 100 })), afterMs: fc.integer({ min: 1, max: 100 }) }),
  { maxLength: 60 },
);

interface Seen {
  readonly value: number | null;
  readonly atMs: number;
  readonly before: AlertProgress;
  readonly after: AlertProgress;
}

function follow(rule: AlertRule, figures: readonly { readonly value: number | null; readonly afterMs: number }[]) {
  const seen: Seen[] = [];
  let atMs = 0;
  let progress = QUIET;
  for (const { value, afterMs } of figures) {
    atMs += afterMs;
    const before = progress;
    progress = afterFigure(rule, before, { value, atMs });
    seen.push({ value, atMs, before, after: progress });
  }
  return seen;
}

/** The figures up to this one that cover `forMs`, back to the first that does. */
function lately(seen: readonly Seen[], index: number, forMs: number): readonly Seen[] {
  const atMs = seen[index]?.atMs ?? 0;
  const first = seen.findLastIndex((each, i) => i <= index && atMs - each.atMs >= forMs);
  return seen.slice(Math.max(0, first), index + 1);
}

describe('an alert', () => {
  it('fires when the figure has been so for long enough, and not for one of them', () => {
    const seen = follow(
      RULE,
      [95, 95, 50, 95, 95, 95, 95].map((value) => ({ value, afterMs: 30 })),
    );

    expect(seen.map(({ after }) => after.isFiring)).toEqual([false, false, false, false, false, true, true]);
  });

  it('is resolved below the lower threshold alone', () => {
    const at = (value: number, atMs: number, before: AlertProgress) => afterFigure(RULE, before, { value, atMs });

    const between = at(85, 0, FIRING);
    const below = at(79, 100, between);
    const longBelow = at(79, 160, below);

    expect([between, below.isFiring, longBelow.isFiring]).toEqual([FIRING, true, false]);
  });

  it('of whatever figures fires only after all of them were so for the time, and stays so between the thresholds', () => {
    fc.assert(
      fc.property(anyRule, anyFigures, (rule, figures) => {
        const seen = follow(rule, figures);
        seen.forEach(({ value, before, after }, i) => {
          if (before.isFiring === after.isFiring) return;
          const calls = (figure: number | null): boolean =>
            figure !== null && (after.isFiring ? figure >= rule.fireAt : figure < rule.resolveBelow);
          expect(lately(seen, i, rule.forMs).every((each) => calls(each.value))).toBe(true);
          expect(value).not.toBeNull();
        });
      }),
    );
  });

  it('changes as soon as it may: never is a figure so for the time without a change', () => {
    fc.assert(
      fc.property(anyRule, anyFigures, (rule, figures) => {
        const seen = follow(rule, figures);
        seen.forEach(({ after, atMs }) => {
          if (after.sinceMs !== null) expect(atMs - after.sinceMs).toBeLessThan(rule.forMs);
        });
      }),
    );
  });

  it('knows nothing of a gap: what was before it does not count', () => {
    fc.assert(
      fc.property(anyRule, fc.boolean(), fc.nat(1_000), (rule, isFiring, sinceMs) => {
        const after = afterFigure(rule, { isFiring, sinceMs }, { value: null, atMs: sinceMs + 10_000 });

        expect(after).toEqual({ isFiring, sinceMs: null });
      }),
    );
  });
});

describe('the rules', () => {
  it('are as the settings say, and none where that is off', () => {
    expect(ruleOf('memory', { ...ALERT_DEFAULTS, memoryPercent: 70 })).toEqual({
      ...{ fireAt: 70, resolveBelow: 60, forMs: 300_000 },
    });
    expect(ruleOf('health', ALERT_DEFAULTS)).toEqual({ fireAt: 1, resolveBelow: 1, forMs: 60_000 });
    expect(ruleOf('cpu', { ...ALERT_DEFAULTS, cpuPercent: null })).toBeNull();
    expect(ruleOf('health', { ...ALERT_DEFAULTS, isHealthWatched: false })).toBeNull();
  });
});
