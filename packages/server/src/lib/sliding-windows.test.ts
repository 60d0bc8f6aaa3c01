import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createSlidingWindows } from './sliding-windows.ts';

describe('sliding windows', () => {
  it('never let more than so many through within any stretch of their length', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 400 }), { maxLength: 200 }), fc.integer({ min: 1, max: 5 }), (gaps, most) => {
        const windows = createSlidingWindows(1_000);
        const letIn: number[] = [];
        let nowMs = 0;
        for (const gap of gaps) {
          nowMs += gap;
          if (windows.enter('a', most, nowMs) === 0) letIn.push(nowMs);
        }

        for (const from of letIn)
          expect(letIn.filter((at) => at >= from && at < from + 1_000).length).toBeLessThanOrEqual(most);
      }),
    );
  });

  it('say when one that was too many may come again', () => {
    const windows = createSlidingWindows(1_000);
    windows.enter('a', 1, 5_000);

    const waitMs = windows.enter('a', 1, 5_400);

    expect(waitMs).toBe(600);
    expect(windows.enter('a', 1, 5_999)).toBe(1);
    expect(windows.enter('a', 1, 5_400 + waitMs)).toBe(0);
  });

  it('count each name for itself, and forget those that are over', () => {
    const windows = createSlidingWindows(1_000, { maxNames: 3 });
    for (const name of ['a', 'b', 'c', 'd']) expect(windows.enter(name, 1, 0)).toBe(0);
    expect(windows.size).toBe(3);

    for (let i = 0; i < 4; i++) windows.enter('e', 100, 2_000);

    expect(windows.size).toBe(1);
  });
});
