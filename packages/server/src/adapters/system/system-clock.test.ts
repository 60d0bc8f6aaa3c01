import { afterEach, describe, expect, it, vi } from 'vitest';
import { createSystemClock } from './system-clock.ts';

const YEAR_MS = 365 * 24 * 3600 * 1000;

describe('the system clock', () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  it('tells the wall time, and a time that only grows', () => {
    const clock = createSystemClock();
    const before = clock.monotonicMs();

    expect(Math.abs(clock.now() - Date.now())).toBeLessThan(1000);
    expect(clock.monotonicMs()).toBeGreaterThanOrEqual(before);
  });

  it.each([1, 2 ** 31 - 1, 2 ** 31, YEAR_MS])('sleeps %i ms, and not less', async (delayMs) => {
    vi.useFakeTimers();
    let isAwake = false;
    const sleep = createSystemClock()
      .sleep(delayMs, { signal: new AbortController().signal })
      .then(() => {
        isAwake = true;
      });

    await vi.advanceTimersByTimeAsync(delayMs - 1);
    expect(isAwake).toBe(false);
    await vi.advanceTimersByTimeAsync(1);

    await sleep;
    expect(isAwake).toBe(true);
  });

  it('rejects with the reason of the signal, before or during the sleep, and leaves no timer', async () => {
    vi.useFakeTimers();
    const clock = createSystemClock();
    const stop = new AbortController();
    const reason = new Error('enough');

    const sleep = clock.sleep(1000, { signal: stop.signal });
    stop.abort(reason);

    await expect(sleep).rejects.toBe(reason);
    await expect(clock.sleep(1000, { signal: stop.signal })).rejects.toBe(reason);
    expect(vi.getTimerCount()).toBe(0);
  });
});
