import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createMutex } from './mutex.ts';

describe('the mutex', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('lets one in at a time, in the order they came', async () => {
    const mutex = createMutex();
    const order: number[] = [];
    let inside = 0;
    async function enter(n: number): Promise<void> {
      const release = await mutex.acquire({ timeoutMs: 1000 });
      inside += 1;
      expect(inside).toBe(1);
      order.push(n);
      await Promise.resolve();
      inside -= 1;
      release?.();
    }

    await Promise.all([1, 2, 3, 4].map(enter));

    expect(order).toEqual([1, 2, 3, 4]);
  });

  it('gives up when the time is over, and the place in the row is free again', async () => {
    const mutex = createMutex();
    const first = await mutex.acquire({ timeoutMs: 10 });
    const second = mutex.acquire({ timeoutMs: 10 });
    const third = mutex.acquire({ timeoutMs: 1000 });

    await vi.advanceTimersByTimeAsync(10);
    expect(await second).toBeNull();
    first?.();

    expect(await third).not.toBeNull();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('tells its holder whether somebody waits', async () => {
    const mutex = createMutex();
    const first = await mutex.acquire({ timeoutMs: 1000 });
    expect([mutex.isHeld(), mutex.isAwaited()]).toEqual([true, false]);
    const second = mutex.acquire({ timeoutMs: 1000 });

    expect(mutex.isAwaited()).toBe(true);
    first?.();
    (await second)?.();
    expect([mutex.isHeld(), mutex.isAwaited()]).toEqual([false, false]);
  });

  it('is released once, however often it is asked', async () => {
    const mutex = createMutex();
    const first = await mutex.acquire({ timeoutMs: 10 });
    const second = mutex.acquire({ timeoutMs: 10 });
    const third = mutex.acquire({ timeoutMs: 10 });
    first?.();
    first?.();
    await second;

    await vi.advanceTimersByTimeAsync(10);

    expect(await third).toBeNull();
  });
});
