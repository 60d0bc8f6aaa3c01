import { fullJitterMs } from '../../lib/backoff.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Ids } from '../../ports/ids.ts';
import type { Log } from '../../ports/log.ts';
import type { Queue } from '../../ports/queue.ts';
import { type Runner, startRunner } from './runner.ts';
import { createWaitingKeys, type Wish } from './waiting-keys.ts';

export interface MemoryQueueDeps {
  readonly clock: Clock;
  readonly log: Log;
  /** For the jitter of back-offs. */
  readonly random: Ids['random'];
}

/** Back-off of a key whose work threw, milliseconds. */
const BACKOFF = { firstMs: 200, capMs: 30_000 } as const;

/**
 * A queue within this process. A key is waiting, or being worked on, or both: a wish that comes while its key is being
 * worked on is kept until that has ended.
 *
 * `run` may be called again after it has ended, but not twice at once (TypeError).
 */
export function createMemoryQueue({ clock, log, random }: MemoryQueueDeps): Queue {
  const waiting = createWaitingKeys();
  /** The keys being worked on, each with the wish that came meanwhile. */
  const running = new Map<string, Wish | null>();
  const failures = new Map<string, number>();
  let runner: Runner | null = null;

  function put(wish: Wish): void {
    const meanwhile = running.get(wish.key);
    if (meanwhile !== undefined) {
      running.set(wish.key, meanwhile !== null && meanwhile.dueMs <= wish.dueMs ? meanwhile : wish);
      return;
    }
    waiting.put(wish);
    runner?.wake();
  }

  function putBack(key: string, error: unknown): void {
    const attempt = (failures.get(key) ?? 0) + 1;
    failures.set(key, attempt);
    const delayMs = fullJitterMs(attempt, BACKOFF, random);
    log.error('work on a key failed; it will be looked at again', { key, attempt, delayMs, error });
    put({ key, dueMs: clock.monotonicMs() + delayMs });
  }

  async function workOn(key: string, work: () => Promise<void>): Promise<void> {
    running.set(key, null);
    try {
      await work();
      failures.delete(key);
    } catch (error) {
      putBack(key, error);
    }
    const meanwhile = running.get(key) ?? null;
    running.delete(key);
    if (meanwhile !== null) put(meanwhile);
  }

  return {
    enqueue(key, { delayMs = 0 } = {}) {
      put({ key, dueMs: clock.monotonicMs() + delayMs });
    },
    depth: () => ({ ...waiting.count(clock.monotonicMs()), running: running.size }),
    async run(work, { concurrency, signal }) {
      if (runner !== null) throw new TypeError('The queue is being run already.');
      runner = startRunner({
        clock,
        signal,
        concurrency,
        take: () => waiting.takeDue(clock.monotonicMs()),
        nextDueMs: () => waiting.nextDueMs(clock.monotonicMs()),
        work: (key) => workOn(key, () => work(key, { signal })),
      });
      await runner.ended;
      runner = null;
    },
  };
}
