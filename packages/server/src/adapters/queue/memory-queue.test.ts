import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Log } from '../../ports/log.ts';
import { createSeen, queueContract } from '../../ports/queue.contract.ts';
import { createManualClock } from '../shared/manual-clock.ts';
import { createSystemClock } from '../system/system-clock.ts';
import { createMemoryQueue } from './memory-queue.ts';

const SILENT: Log = { debug() {}, info() {}, warn() {}, error() {}, child: () => SILENT };

queueContract({
  name: 'the queue in memory',
  make: () => createMemoryQueue({ clock: createSystemClock(), log: SILENT, random: () => 0.1 }),
});

describe('the queue in memory', () => {
  it('hands out each key at the very moment of its earliest wish', async () => {
    const wishes = fc.array(fc.record({ key: fc.constantFrom('a', 'b', 'c', 'd'), delayMs: fc.nat(50) }), {
      maxLength: 30,
    });
    await fc.assert(
      fc.asyncProperty(wishes, async (asked) => {
        const clock = createManualClock();
        const queue = createMemoryQueue({ clock, log: SILENT, random: () => 0.5 });
        const stop = new AbortController();
        const workedAt: [string, number][] = [];
        const running = queue.run(async (key) => void workedAt.push([key, clock.monotonicMs()]), {
          concurrency: 2,
          signal: stop.signal,
        });
        for (const { key, delayMs } of asked) queue.enqueue(key, { delayMs });

        await clock.advance(100);

        const earliest = Object.entries(Object.groupBy(asked, ({ key }) => key)).map(([key, own]) => [
          key,
          Math.min(...(own ?? []).map(({ delayMs }) => delayMs)),
        ]);
        expect(workedAt.toSorted()).toEqual(earliest.toSorted());
        expect(clock.sleeperCount).toBe(0);
        stop.abort();
        await running;
      }),
      { numRuns: 50 },
    );
  });

  it('backs off further each time the work throws, tells the log, and forgets it after a success', async () => {
    const clock = createManualClock();
    const told: unknown[] = [];
    const queue = createMemoryQueue({
      clock,
      log: { ...SILENT, error: (_message, fields) => told.push(fields?.['delayMs']) },
      random: () => 1,
    });
    const stop = new AbortController();
    const failing = new Set([1, 2, 3, 5]);
    let calls = 0;
    const running = queue.run(
      async () => {
        calls += 1;
        if (failing.has(calls)) throw new Error('no');
      },
      { concurrency: 1, signal: stop.signal },
    );

    queue.enqueue('a');
    await clock.advance(10_000);
    queue.enqueue('a');
    await clock.advance(10_000);

    expect(told).toEqual([200, 400, 800, 200]);
    expect(calls).toBe(6);
    stop.abort();
    await running;
  });

  it('keeps a wish made while its key is worked on until its moment', async () => {
    const clock = createManualClock();
    const queue = createMemoryQueue({ clock, log: SILENT, random: () => 1 });
    const stop = new AbortController();
    const workedAt: number[] = [];
    const running = queue.run(
      async (key) => {
        workedAt.push(clock.monotonicMs());
        if (workedAt.length === 1) queue.enqueue(key, { delayMs: 500 });
      },
      { concurrency: 1, signal: stop.signal },
    );

    queue.enqueue('a');
    await clock.advance(499);
    expect(workedAt).toEqual([0]);
    await clock.advance(1);

    expect(workedAt).toEqual([0, 500]);
    stop.abort();
    await running;
  });

  it('can be run again, and then goes on with what was left', async () => {
    const queue = createMemoryQueue({ clock: createManualClock(), log: SILENT, random: () => 1 });
    const first = new AbortController();
    queue.enqueue('a');
    first.abort();
    await queue.run(async () => undefined, { concurrency: 1, signal: first.signal });

    const seen = createSeen();
    const second = new AbortController();
    const running = queue.run(async (key) => seen.add(key), { concurrency: 1, signal: second.signal });
    await expect(queue.run(async () => undefined, { concurrency: 1, signal: second.signal })).rejects.toThrow(
      'already',
    );
    await seen.count(1);

    expect(seen.keys).toEqual(['a']);
    second.abort();
    await running;
  });
});
