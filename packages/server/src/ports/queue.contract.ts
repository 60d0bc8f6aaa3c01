import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Queue } from './queue.ts';

/** What is asked of every queue. `make` returns a fresh, empty one; time is the machine's own. */
export function queueContract({
  name,
  make,
}: {
  readonly name: string;
  readonly make: () => Queue | Promise<Queue>;
}): void {
  describe(`${name}: contract of the queue`, () => {
    let queue: Queue;
    let stop: AbortController;
    let runs: Promise<void>[];

    beforeEach(async () => {
      queue = await make();
      stop = new AbortController();
      runs = [];
    });
    afterEach(async () => {
      stop.abort();
      await Promise.all(runs);
    });

    /** Runs the queue until the end of the test; `work` is told of each key. */
    function run(
      work: (key: string, signal: AbortSignal) => Promise<void> | void,
      concurrency = 4,
    ): { readonly ended: Promise<void> } {
      const ended = queue.run(async (key, { signal }) => await work(key, signal), { concurrency, signal: stop.signal });
      runs.push(ended);
      return { ended };
    }

    it('hands out what was asked for before and after it runs', async () => {
      const seen = createSeen();
      queue.enqueue('before');
      run(seen.add);
      queue.enqueue('after');

      await seen.count(2);

      expect(seen.keys.toSorted()).toEqual(['after', 'before']);
    });

    it('looks once at a key that was asked for many times while it waited', async () => {
      const seen = createSeen();
      for (let i = 0; i < 100; i++) queue.enqueue('a', { delayMs: i % 3 });
      run(seen.add);
      await seen.count(1);
      queue.enqueue('last', { delayMs: 30 });

      await seen.count(2);

      expect(seen.keys).toEqual(['a', 'last']);
    });

    it('never works on one key twice at once, and looks once more when asked meanwhile', async () => {
      const seen = createSeen();
      const gate = Promise.withResolvers<void>();
      let inside = 0;
      run(async (key) => {
        inside += 1;
        expect(inside).toBe(1);
        seen.add(key);
        if (seen.keys.length === 1) await gate.promise;
        inside -= 1;
      });
      queue.enqueue('a');
      await seen.count(1);

      for (let i = 0; i < 10; i++) queue.enqueue('a');
      gate.resolve();
      await seen.count(2);
      queue.enqueue('a', { delayMs: 20 });
      await seen.count(3);

      expect(seen.keys).toEqual(['a', 'a', 'a']);
    });

    it('works on different keys side by side, up to its concurrency and not beyond', async () => {
      const seen = createSeen();
      const gate = Promise.withResolvers<void>();
      let inside = 0;
      let most = 0;
      run(async (key) => {
        inside += 1;
        most = Math.max(most, inside);
        seen.add(key);
        await gate.promise;
        inside -= 1;
      }, 3);
      for (let i = 0; i < 9; i++) queue.enqueue(`k${i}`);

      await seen.count(3);
      gate.resolve();
      await seen.count(9);

      expect(most).toBe(3);
    });

    it('tells how many keys are due, wait for their time, and are being worked on', async () => {
      const seen = createSeen();
      const gate = Promise.withResolvers<void>();
      queue.enqueue('later', { delayMs: 60_000 });
      queue.enqueue('a');
      queue.enqueue('b');
      expect(queue.depth()).toEqual({ due: 2, later: 1, running: 0 });

      run(async (key) => {
        seen.add(key);
        await gate.promise;
      }, 1);
      await seen.count(1);

      expect(queue.depth()).toEqual({ due: 1, later: 1, running: 1 });
      gate.resolve();
      await seen.count(2);
    });

    it('waits as long as it was asked to, and the earlier moment wins', async () => {
      const seen = createSeen();
      const startedMs = performance.now();
      run(seen.add);
      queue.enqueue('late', { delayMs: 60 });
      queue.enqueue('sooner', { delayMs: 60_000 });
      queue.enqueue('sooner', { delayMs: 20 });
      queue.enqueue('sooner', { delayMs: 60_000 });

      await seen.count(2);

      expect(seen.keys).toEqual(['sooner', 'late']);
      // Timers count whole milliseconds.
      expect(performance.now() - startedMs).toBeGreaterThanOrEqual(59);
    });

    it('looks again at a key whose work threw, and meanwhile at others', async () => {
      const seen = createSeen();
      run((key) => {
        seen.add(key);
        if (key === 'bad' && seen.keys.filter((k) => k === 'bad').length < 3) throw new Error('not yet');
      });
      queue.enqueue('bad');
      queue.enqueue('good');

      await seen.count(4);

      expect(seen.keys.toSorted()).toEqual(['bad', 'bad', 'bad', 'good']);
    });

    it('ends when it is aborted, after those under way, and begins no other', async () => {
      const seen = createSeen();
      const gate = Promise.withResolvers<void>();
      let isEnded = false;
      let heard: unknown = null;
      const running = run(async (key, signal) => {
        seen.add(key);
        signal.addEventListener('abort', () => {
          heard = signal.reason;
        });
        await gate.promise;
      }, 1).ended.then(() => {
        isEnded = true;
      });
      queue.enqueue('a');
      queue.enqueue('b');
      await seen.count(1);

      stop.abort('enough');
      queue.enqueue('c');
      await new Promise(setImmediate);
      expect(isEnded).toBe(false);
      gate.resolve();
      await running;

      expect(heard).toBe('enough');
      expect(seen.keys).toEqual(['a']);
    });

    it('ends at once when it was aborted before', async () => {
      const seen = createSeen();
      queue.enqueue('a');
      stop.abort();

      await run(seen.add).ended;

      expect(seen.keys).toEqual([]);
    });
  });
}

/** Keys in the order they were worked on, and a way to wait for as many. */
export function createSeen(): {
  readonly keys: string[];
  add(key: string): void;
  count(atLeast: number): Promise<void>;
} {
  const keys: string[] = [];
  const waiting = new Set<() => void>();
  return {
    keys,
    add(key) {
      keys.push(key);
      for (const look of waiting) look();
    },
    count: (atLeast) =>
      new Promise((resolve) => {
        const look = (): void => {
          if (keys.length < atLeast) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        look();
      }),
  };
}
